"""Requests for quote as the buyer sees them."""

from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.listing import NEWEST, OfCompanies
from accounts.scope import Scope
from accounts.states import Right
from catalog.queries import hidden_products
from core.errors import NotFound
from quotes.models import WAITING_RFQ, Rfq, RfqLine
from quotes.queries.offers import quotes_for
from quotes.states import RfqStatus

OPEN = (RfqStatus.SUBMITTED, RfqStatus.IN_WORK)


def rfqs_for(scope: Scope) -> QuerySet[Rfq]:
    """The requests that may be seen, newest first."""
    seen = scope.documents(Right.SEE_ORDERS, owner="requested_by")
    return Rfq.objects.filter(seen).select_related("company", "requested_by", "ship_to")


def rfq_by_number(scope: Scope, number: str) -> Rfq:
    """A request in scope. Raises NotFound, the same for unknown and foreign ones."""
    rfq = rfqs_for(scope).filter(number=number).first()
    if rfq is None:
        raise NotFound(_("There is no such request."))
    return rfq


@dataclass(frozen=True)
class RfqSheet:
    """A request with its lines. quote_number: of the quote it became, "" until one was sent.

    hidden: ids of the products that the company may no longer know of.
    """

    rfq: Rfq
    lines: tuple[RfqLine, ...]
    quote_number: str
    hidden: frozenset[int] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it still waits for sales, so that it can be taken back."""
        return self.rfq.status in OPEN


def rfq_sheet(scope: Scope, rfq: Rfq) -> RfqSheet:
    """A request as its page shows it; four statements."""
    lines = tuple(rfq.lines.select_related("product", "unit").order_by("position"))
    number = quotes_for(scope).filter(rfq=rfq).values_list("number", flat=True).first()
    return RfqSheet(rfq, lines, number or "", hidden_products(scope, [line.product_id for line in lines]))


def waiting_rfqs(scope: Scope, *, limit: int = 50) -> list[Rfq]:
    """The newest requests that wait for an offer, or were declined, with line counts; two statements at most."""
    own = Rfq.objects.filter(scope.persons(Right.SEE_ORDERS, owner="requested_by"), WAITING_RFQ)
    listed = own.select_related("company", "requested_by").annotate(line_count=_lines())
    return OfCompanies[Rfq](scope.reach(Right.SEE_ORDERS)).first(listed, NEWEST, limit)


def _lines() -> Coalesce:
    lines = RfqLine.objects.filter(rfq=OuterRef("pk")).order_by().values("rfq").annotate(number=Count("pk"))
    return Coalesce(Subquery(lines.values("number")), 0)
