"""Invoices and credit notes: the ERP's documents, read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.listing import COUNTED, START, Counted, OfCompanies, Place, Stretch, counts, stretch
from accounts.scope import Scope
from accounts.states import Right
from core.days import erp_today
from core.errors import NotFound
from core.freshness import is_stale, later, read_up_to
from core.money import ZERO
from orders.models import Invoice, InvoiceLine, Order, Orderer, Payment
from orders.queries.orders import FOUND, found_orders
from orders.states import InvoiceKind

KIND = "invoices"
NEWEST = ("-issued_on", "-id")

SOON = timedelta(days=7)


def tabs(today: date) -> dict[str, Q]:
    """How a list of invoices can be narrowed: by the name of a tab. due: overdue, or due within a week."""
    return {
        "all": Q(),
        "due": Q(kind=InvoiceKind.INVOICE, open_amount__gt=0, due_on__lte=today + SOON),
        "open": ~Q(open_amount=0),
        "paid": Q(open_amount=0, kind=InvoiceKind.INVOICE),
        "credit": Q(kind=InvoiceKind.CREDIT_NOTE),
    }


@dataclass(frozen=True)
class Balance:
    """What is open, by the ERP's word, with tax (FIN-02). Credit notes lower it (FIN-04).

    overdue_amount: of invoices past their due date. credit_amount: of credit notes, as a positive.
    """

    open_amount: Decimal
    overdue_amount: Decimal
    credit_amount: Decimal
    invoices: int
    as_of: datetime | None
    is_stale: bool


@dataclass(frozen=True)
class InvoiceView:
    """An invoice with all that is known of it. credit_notes: those that lower it, credits: the reverse."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    payments: tuple[Payment, ...]
    credit_notes: tuple[Invoice, ...]
    orders: tuple[Order, ...]
    as_of: datetime | None
    is_stale: bool
    is_overdue: bool

    @property
    def paid_amount(self) -> Decimal:
        """The sum of the payments."""
        return sum((payment.amount for payment in self.payments), ZERO)


@dataclass(frozen=True)
class Visible:
    """Which invoices a person may see, by the companies.

    reach: all that are billed to these. above: and of those billed to one of these, what was ordered by companies
    of the reach alone.
    """

    reach: frozenset[int]
    above: frozenset[int]

    def billed(self) -> QuerySet[Invoice]:
        """Those billed to the reach."""
        return Invoice.objects.filter(company_id__in=self.reach)

    def elsewhere(self) -> QuerySet[Orderer]:
        """The rows that name those billed above, each once."""
        if not self.above:
            return Orderer.objects.none()
        return self._alone().filter(company_id__in=self.reach)

    def _alone(self) -> QuerySet[Orderer]:
        """Of all that is billed above: what nobody outside of the reach has ordered a part of, each once."""
        others = Orderer.objects.filter(invoice=OuterRef("invoice_id"))
        rows = Orderer.objects.filter(
            ~Exists(others.exclude(company_id__in=self.reach)), billed_to_id__in=self.above
        )
        if len(self.reach) < 2:
            return rows
        return rows.filter(~Exists(others.filter(company_id__lt=OuterRef("company_id"))))

    # -- the finder of accounts.listing

    def sees(self, invoice: Invoice) -> bool:
        """Whether an invoice may be seen."""
        return invoice.company_id in self.reach or self.elsewhere().filter(invoice=invoice).exists()

    def first(self, rows: QuerySet[Invoice], order: Sequence[str], size: int) -> list[Invoice]:
        """The first of some invoices that may be seen: of those billed to the reach and those billed above it."""
        billed = OfCompanies[Invoice](self.reach).first(rows, order, size)
        if not self.above:
            return billed
        there = self._alone()
        if rows.query.where:
            there = there.filter(invoice__in=rows.order_by().select_related(None).values("pk"))
        named = [field.replace("id", "invoice_id") for field in order]
        found = OfCompanies[Orderer](self.reach).first(there, named, size)
        more = rows.filter(pk__in={row.invoice_id for row in found} - {row.pk for row in billed})
        return sorted(
            [*billed, *more], key=lambda row: (row.issued_on, row.pk), reverse=order[0].startswith("-")
        )[:size]


def visible_to(scope: Scope) -> Visible:
    """Which invoices may be seen; none without the right to (FIN-07).

    Those billed to a visible company, and those billed to one above it that are for orders of
    visible companies alone: the branch sees what it ordered, and nothing of its sisters.
    """
    reach = scope.reach(Right.SEE_INVOICES)
    return Visible(reach, frozenset(scope.lineage) - reach if reach else frozenset())


def invoices_for(scope: Scope) -> QuerySet[Invoice]:
    """The invoices and credit notes that may be seen (FIN-07), for a look at some of them; see `visible_to`."""
    visible = visible_to(scope)
    if not visible.reach:
        return Invoice.objects.none()
    seen = Q(company_id__in=visible.reach) | Q(pk__in=visible.elsewhere().values("invoice_id"))
    return _with_parties(Invoice.objects.filter(seen))


def _with_parties(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return invoices.select_related("company", "credits")


def invoice_stretch(
    scope: Scope, place: Place = START, *, text: str = "", tab: str = "all", size: int = 25
) -> Stretch[Invoice]:
    """A page of the invoices that may be seen, the newest first, with their orders.

    Seven statements at most, however many there are.
    """
    if text.strip():
        found = search_invoices(scope, text=text, tab=tab).prefetch_related("orders")
        return stretch(OfCompanies[Invoice](None), found, place, size=size, order=NEWEST)
    rows = _with_parties(Invoice.objects.filter(tabs(erp_today()).get(tab, Q()))).prefetch_related("orders")
    return stretch(visible_to(scope), rows, place, size=size, order=NEWEST)


def search_invoices(scope: Scope, *, text: str = "", tab: str = "all") -> QuerySet[Invoice]:
    """Invoices by the beginning of their number, or by an order in them as orders are found (failure bank 43)."""
    invoices = invoices_for(scope).filter(tabs(erp_today()).get(tab, Q()))
    words = text.strip()
    if not words:
        return invoices
    visible = visible_to(scope)
    orders = found_orders(Order.objects.filter(company_id__in=visible.reach), words)
    ways = [
        visible.billed().filter(number__istartswith=words),
        Invoice.objects.filter(company_id__in=visible.above, number__istartswith=words),
        Invoice.objects.filter(orders__in=orders),
    ]
    first, *others = (rows.order_by(*NEWEST).values("pk")[:FOUND] for rows in ways)
    return invoices.filter(pk__in=first.union(*others))


def invoice_by_number(scope: Scope, number: str) -> Invoice:
    """An invoice that may be seen. Raises NotFound, the same for unknown and foreign ones."""
    invoice = invoices_for(scope).filter(number=number).first()
    if invoice is None:
        raise NotFound(_("There is no invoice %(number)s.") % {"number": number}, invoice=number)
    return invoice


def invoice_view(invoice: Invoice) -> InvoiceView:
    """An invoice with lines, payments, credit notes and orders; what buyer and staff see alike."""
    as_of = later(invoice.as_of, read_up_to().get(KIND))
    return InvoiceView(
        invoice=invoice,
        lines=tuple(invoice.lines.select_related("order_line__order").order_by("position")),
        payments=tuple(invoice.payments.order_by("paid_on", "pk")),
        credit_notes=tuple(invoice.credit_notes.order_by("issued_on", "pk")),
        orders=tuple(invoice.orders.order_by("pk")),
        as_of=as_of,
        is_stale=is_stale(KIND, as_of),
        is_overdue=is_overdue(invoice, erp_today()),
    )


def is_overdue(invoice: Invoice, today: date) -> bool:
    """Whether something is still open after the due date; the due date itself is in time (FIN-08)."""
    return invoice.due_on is not None and invoice.due_on < today and invoice.open_amount > 0


def balance_of(scope: Scope) -> Balance:
    """The open items of what may be seen, added up; three statements, which read the open ones alone."""
    visible = visible_to(scope)
    positive = Q(open_amount__gt=0)
    sums = {
        "open": Sum("open_amount"),
        "overdue": Sum("open_amount", filter=positive & Q(due_on__lt=erp_today())),
        "credit": Sum("open_amount", filter=Q(open_amount__lt=0)),
        "invoices": Count("pk", filter=positive),
    }
    found = [_open_items(visible.billed()).aggregate(**sums)]
    if visible.above:
        there = Invoice.objects.filter(pk__in=visible.elsewhere().values("invoice_id"))
        found.append(_open_items(there).aggregate(**sums))
    total = {name: sum((row[name] or ZERO for row in found), ZERO) for name in sums}
    as_of = read_up_to().get(KIND) or _newest_as_of(visible)
    return Balance(
        open_amount=total["open"],
        overdue_amount=total["overdue"],
        credit_amount=-total["credit"],
        invoices=int(total["invoices"]),
        as_of=as_of,
        is_stale=as_of is not None and is_stale(KIND, as_of),
    )


def _open_items(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return invoices.filter(tabs(erp_today())["open"]).order_by()


def _newest_as_of(visible: Visible) -> datetime | None:
    """Where no reading has been noted yet: by the newest documents themselves."""
    newest = visible.first(Invoice.objects.all(), NEWEST, 25)
    return max((invoice.as_of for invoice in newest), default=None)


def due_invoices(scope: Scope, *, limit: int) -> list[Invoice]:
    """The first invoices that are overdue or due within a week, the oldest first; four statements at most."""
    found = [
        row
        for rows in _due(scope)
        for row in rows.select_related("company", "credits")
        .prefetch_related("orders")
        .order_by("due_on", "pk")[:limit]
    ]
    return sorted(found, key=lambda row: (row.due_on, row.pk))[:limit]


def due_count(scope: Scope) -> Counted:
    """How many invoices are overdue or due within a week, up to COUNTED; one statement."""
    found = counts({str(place): rows for place, rows in enumerate(_due(scope))})
    return sum(found.values(), Counted(0))


def _due(scope: Scope) -> list[QuerySet[Invoice]]:
    """Those billed to what may be seen, and those billed above it."""
    visible = visible_to(scope)
    lists = [visible.billed()]
    if visible.above:
        lists.append(Invoice.objects.filter(pk__in=visible.elsewhere().values("invoice_id")))
    return [_open_items(rows).filter(tabs(erp_today())["due"]) for rows in lists]


def tab_counts(scope: Scope) -> dict[str, Counted]:
    """How many documents each tab holds, up to COUNTED. One statement; two where a company above is billed."""
    visible, narrowed = visible_to(scope), tabs(erp_today())
    billed = counts({name: visible.billed().filter(tab) for name, tab in narrowed.items()})
    if not visible.above:
        return billed
    newest = visible.elsewhere().order_by("-issued_on", "-invoice_id").values("invoice_id")[: COUNTED + 1]
    found = Invoice.objects.filter(pk__in=newest).order_by()
    there = found.aggregate(**{name: Count("pk", filter=tab or None) for name, tab in narrowed.items()})
    is_more = there["all"] > COUNTED
    return {name: billed[name] + Counted(min(there[name], COUNTED), is_more) for name in narrowed}


def all_invoices() -> QuerySet[Invoice]:
    """Every invoice and credit note, for staff."""
    return Invoice.objects.select_related("company")
