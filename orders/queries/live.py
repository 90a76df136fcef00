"""What a document asks the ERP live, the policy in force, and the decisions as people read them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Company
from accounts.queries.credit import credit_of
from accounts.queries.lines import lineage_of
from catalog.models import Warehouse
from orders.live import AskedLine, Heard, LiveAnswers, LivePrice, LiveQuestion
from orders.models import CachedCredit, CheckoutPolicy, Order, OrderLine
from orders.queries.sheet import CartSheet, SheetLine
from orders.rules.confirm import PricedLine, decide_prices, kept_prices
from orders.rules.live import UNANSWERED, Decision, Table, cell, decisions_of, price_key
from orders.rules.shown import shown_prices
from orders.states import ASKED, LiveKind
from pricing.answers import PriceAnswer

ERP = "erp"
# How many of the newest orders a preview looks at.
LOOKED_AT = 500


def checkout_table(company: Company) -> Table:
    """The policy in force for an account; its own bound of cached credit goes before the general one."""
    policy = policy_in_force()
    own = CachedCredit.objects.filter(company=company).values_list("amount", flat=True).first()
    return Table(policy.version, policy.rules, policy.cached_credit_amount if own is None else own)


def policy_in_force() -> CheckoutPolicy:
    """The version of the policy that counts now."""
    in_force = CheckoutPolicy.objects.filter(active_from__isnull=False)
    return in_force.order_by("-active_from", "-version")[:1].get()


def all_policies() -> QuerySet[CheckoutPolicy]:
    """Every version, the newest first."""
    return CheckoutPolicy.objects.order_by("-version")


def cart_question(sheet: CartSheet, company: Company) -> LiveQuestion:
    """What is asked about a cart before it is ordered."""
    lines = [asked_of(line) for line in sheet.lines if line.unit_price is not None]
    return question_for(company, lines, sheet.warehouse, sheet.totals.gross_amount)


def asked_of(line: SheetLine) -> AskedLine:
    """What is asked about a cart line."""
    return asked_line(
        sku=line.product.sku,
        unit_key=line.unit.key,
        unit_erp_id=line.unit.erp_id,
        quantity=line.quantity,
        ratio=(line.unit.numerator, line.unit.denominator),
        answer=line.answer,
    )


def asked_line(
    *,
    sku: str,
    unit_key: str,
    unit_erp_id: str,
    quantity: Decimal,
    ratio: tuple[int, int],
    answer: PriceAnswer | None,
) -> AskedLine:
    """A line of a question. answer: our price of it, None when the price is not asked (X-12)."""
    numerator, denominator = ratio
    base = quantity * numerator / denominator
    breaks = base if answer is None else answer.break_quantity
    return AskedLine(
        sku=sku,
        unit_key=unit_key,
        unit_erp_id=unit_erp_id,
        quantity=quantity,
        quantity_base=base,
        break_quantity=quantity if breaks == base else round(breaks * denominator / numerator, 6),
        has_erp_price=answer is not None and answer.system == ERP,
    )


def price_decisions(
    sheet: CartSheet, answers: LiveAnswers, table: Table, shown_digest: str = ""
) -> list[Decision]:
    """What is decided on the prices of a cart. shown_digest: of the page that was ordered from, if any."""
    shown = shown_prices(shown_digest) if shown_digest else {}
    lines = []
    for line in sheet.lines:
        if line.unit_price is None:
            continue
        asked = asked_of(line)
        lines.append(
            PricedLine(
                sku=asked.sku,
                unit_key=asked.unit_key,
                break_quantity=asked.break_quantity,
                unit_price=line.unit_price,
                shown=shown.get((asked.sku, asked.unit_key)),
                as_of=line.answer.as_of,
                is_stale=line.answer.is_stale,
                has_erp_price=asked.has_erp_price,
            )
        )
    return decide_prices(lines, answers, table)


def cart_as_heard(sheet: CartSheet, company: Company, prices: tuple[LivePrice, ...]) -> CartSheet:
    """A cart at the prices that the ERP named a moment ago, as far as the policy lets them hold.

    The lines say so. Without such prices the cart is as it was.
    """
    if not prices:
        return sheet
    answers = LiveAnswers(asked_at=timezone.now(), heard={LiveKind.PRICE: Heard(prices=prices)})
    decisions = price_decisions(sheet, answers, checkout_table(company))
    said = {one.key: one for one in decisions if one.theirs is not None}
    priced = sheet.at_prices(kept_prices(said.values()))
    lines = tuple(
        replace(line, said=said.get(price_key(line.product.sku, line.unit.key))) for line in priced.lines
    )
    return replace(priced, lines=lines)


def question_for(
    company: Company,
    lines: Iterable[AskedLine],
    warehouse: Warehouse | None,
    gross_amount: Decimal,
    kinds: Iterable[LiveKind] = ASKED,
) -> LiveQuestion:
    """The question about a document of a company. Three statements."""
    credit = credit_of(company)
    line = lineage_of(company.pk)
    ids = {*line, *(credit.company_ids if credit.account else ())}
    numbers = dict(Company.objects.filter(pk__in=ids).values_list("pk", "number"))
    owner = [credit.account.company_id] if credit.account else []
    sharing = [pk for pk in sorted(credit.company_ids) if pk not in owner] if owner else []
    return LiveQuestion(
        company_number=company.number,
        lineage=tuple(numbers[pk] for pk in line),
        currency=company.currency,
        warehouse_code=warehouse.code if warehouse else "",
        warehouse_erp_id=warehouse.erp_id if warehouse else "",
        credit_numbers=tuple(numbers[pk] for pk in (*owner, *sharing)),
        gross_amount=gross_amount,
        lines=tuple(lines),
        kinds=frozenset(kinds),
    )


def order_question(order: Order) -> LiveQuestion:
    """The prices of an order that were taken before the ERP had confirmed them."""
    open_keys = {one.key for one in decisions_of(order.live_checks) if one.is_unconfirmed_price}
    lines = [
        _of_order(line)
        for line in order.lines.select_related("unit").order_by("position")
        if price_key(line.sku, line.unit_key) in open_keys
    ]
    return question_for(order.company, lines, None, order.gross_amount, [LiveKind.PRICE])


def waiting_question(order: Order) -> LiveQuestion:
    """What is asked about an order before its last approval: stock, credit, and prices that are not agreed."""
    lines = [
        _of_order(line, has_erp_price=order.origin != "quote" and line.price_story.get("system") == ERP)
        for line in order.lines.select_related("unit").order_by("position")
    ]
    return question_for(order.company, lines, order.warehouse, order.gross_amount)


def _of_order(line: OrderLine, *, has_erp_price: bool = True) -> AskedLine:
    """What is asked about a line of an order."""
    return AskedLine(
        sku=line.sku,
        unit_key=line.unit_key,
        unit_erp_id=line.unit.erp_id if line.unit else "",
        quantity=line.ordered,
        quantity_base=line.ordered * line.numerator / line.denominator,
        break_quantity=_breaks(line),
        has_erp_price=has_erp_price,
    )


def _breaks(line: OrderLine) -> Decimal:
    """What counted for the price breaks, in the unit: lines of one product add up."""
    base = Decimal(line.price_story.get("break_quantity") or 0)
    own = line.ordered * line.numerator / line.denominator
    return line.ordered if base in (0, own) else round(base * line.denominator / line.numerator, 6)


@dataclass(frozen=True)
class LiveSummary:
    """The decisions of one kind of an order, in one row.

    tone: good when the ERP confirmed all, warn when something is open or was decided without it.
    """

    kind: LiveKind
    decisions: tuple[Decision, ...]

    @property
    def confirmed(self) -> list[Decision]:
        """Those on which the ERP said its word, then or since."""
        return [one for one in self.decisions if one.situation not in UNANSWERED or one.settled_at]

    @property
    def unanswered(self) -> list[Decision]:
        """Those that were decided without the ERP."""
        return [one for one in self.decisions if one.situation in UNANSWERED and not one.settled_at]

    @property
    def differing(self) -> list[Decision]:
        """Those on which the ERP said something else than we knew."""
        return [one for one in self.decisions if one.situation in ("better", "worse")]

    @property
    def oldest(self) -> Decision | None:
        """The decision with the oldest figure among those without the ERP."""
        known = [one for one in self.unanswered if one.as_of is not None]
        return min(known, key=lambda one: one.as_of or one.at, default=None)

    @property
    def confirmed_at(self) -> object:
        """The ERP's clock at its word."""
        stamps = [one.settled_at or one.as_of for one in self.confirmed]
        return min((at for at in stamps if at is not None), default=None)

    @property
    def is_open(self) -> bool:
        """Whether the ERP's word is still awaited."""
        return any(one.is_open for one in self.decisions)

    @property
    def is_held(self) -> bool:
        """Whether the order was held over it."""
        return any(one.is_held for one in self.decisions)

    @property
    def tone(self) -> str:
        """How it looks."""
        return "warn" if self.unanswered or self.is_held else "good"


def live_summaries(order: Order) -> list[LiveSummary]:
    """What the ERP was asked for an order, by kind; nothing for one that was placed without asking."""
    decisions = decisions_of(order.live_checks)
    return [
        LiveSummary(kind, own)
        for kind in LiveKind
        if (own := tuple(one for one in decisions if one.kind == kind and one.situation != "not_asked"))
    ]


def preview_of(rules: Mapping[str, str]) -> list[tuple[str, str, str, int]]:
    """What a table would have decided otherwise about the newest orders.

    (cell, rule in force, rule of the table, number of decisions), the most frequent first.
    """
    now = policy_in_force().rules
    kept = Order.objects.order_by("-pk").values_list("live_checks", flat=True)[:LOOKED_AT]
    cells = Counter(cell(one.kind, one.situation) for checks in kept for one in decisions_of(checks))
    return [
        (name, now[name], rules[name], count)
        for name, count in cells.most_common()
        if name in rules and now.get(name) != rules[name]
    ]
