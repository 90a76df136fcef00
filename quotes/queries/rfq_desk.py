"""One request as the sales desk sees it: the buyer's wishes beside today's prices and cost."""

from dataclasses import dataclass
from decimal import Decimal

from core.money import ZERO, line_net
from quotes.models import Quote, Rfq, RfqLine
from quotes.queries.desk import Desk, DeskPrices, Wanted, desk_prices, rfq_at
from quotes.queries.rfqs import OPEN
from quotes.states import RfqStatus


@dataclass(frozen=True)
class RfqDeskLine:
    """A line with the prices beside it; net_amount: at what the company pays anyway, None on request."""

    line: RfqLine
    prices: DeskPrices
    net_amount: Decimal | None


@dataclass(frozen=True)
class RfqDesk:
    """A request with its lines. quote_number: of the quote that was begun on it, "" before."""

    rfq: Rfq
    lines: tuple[RfqDeskLine, ...]
    quote_number: str

    @property
    def is_new(self) -> bool:
        """Whether nobody has begun on it."""
        return self.rfq.status == RfqStatus.SUBMITTED

    @property
    def is_open(self) -> bool:
        """Whether it can still be declined."""
        return self.rfq.status in OPEN

    @property
    def net_amount(self) -> Decimal:
        """What the priced lines would cost without a quote."""
        return sum((item.net_amount or ZERO for item in self.lines), ZERO)


def rfq_desk(desk: Desk, number: str) -> RfqDesk:
    """A request of a desk, in a fixed number of statements. Raises NotFound for another desk's."""
    rfq = rfq_at(desk, number)
    lines = list(rfq.lines.select_related("product", "unit").order_by("position"))
    beside = desk_prices(rfq.company, [Wanted(line.product, line.unit, line.quantity) for line in lines])
    quote = Quote.objects.filter(rfq=rfq).values_list("number", flat=True).first()
    return RfqDesk(
        rfq=rfq,
        lines=tuple(
            RfqDeskLine(line, prices, _net(line, prices, rfq.currency))
            for line, prices in zip(lines, beside, strict=True)
        ),
        quote_number=quote or "",
    )


def _net(line: RfqLine, prices: DeskPrices, currency: str) -> Decimal | None:
    usual = prices.usual_price
    return None if usual is None else line_net(line.quantity, usual, currency=currency)
