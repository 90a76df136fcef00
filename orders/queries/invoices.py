"""Invoices and credit notes: the ERP's documents, read-only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.states import Right
from core.days import erp_today
from core.errors import NotFound
from core.freshness import is_stale, later, read_up_to
from core.money import ZERO
from orders.models import Invoice, InvoiceLine, Order, Payment
from orders.states import InvoiceKind

KIND = "invoices"

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


def invoices_for(scope: Scope) -> QuerySet[Invoice]:
    """The invoices and credit notes that may be seen; nothing without the right to (FIN-07).

    Those billed to a visible company, and those billed to one above it that are for orders of
    visible companies alone: the branch sees what it ordered, and nothing of its sisters.
    """
    if not scope.may(Right.SEE_INVOICES):
        return Invoice.objects.none()
    linked = Order.objects.filter(invoices=OuterRef("pk"))
    reach = scope.reach(Right.SEE_INVOICES)
    own = linked.filter(company_id__in=reach)
    foreign = linked.exclude(company_id__in=reach)
    seen = Q(company_id__in=reach) | (Exists(own) & ~Exists(foreign))
    return Invoice.objects.filter(seen).select_related("company", "credits")


def search_invoices(scope: Scope, *, text: str = "", tab: str = "all") -> QuerySet[Invoice]:
    """Invoices by their number, or by the number or PO number of an order in them."""
    invoices = invoices_for(scope).filter(tabs(erp_today()).get(tab, Q()))
    words = text.strip()
    if not words:
        return invoices
    orders = Order.objects.filter(
        Q(number__iexact=words) | Q(po_number__icontains=words), invoices=OuterRef("pk")
    )
    return invoices.filter(Q(number__icontains=words) | Exists(orders))


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
    """The open items of what may be seen, added up; two statements."""
    positive = Q(open_amount__gt=0)
    invoices = invoices_for(scope)
    sums = invoices.aggregate(
        open=Sum("open_amount"),
        overdue=Sum("open_amount", filter=positive & Q(due_on__lt=erp_today())),
        credit=Sum("open_amount", filter=Q(open_amount__lt=0)),
    )
    as_of = read_up_to().get(KIND) or invoices.order_by("-as_of").values_list("as_of", flat=True).first()
    return Balance(
        open_amount=sums["open"] or ZERO,
        overdue_amount=sums["overdue"] or ZERO,
        credit_amount=-(sums["credit"] or ZERO),
        invoices=invoices.filter(positive).count(),
        as_of=as_of,
        is_stale=as_of is not None and is_stale(KIND, as_of),
    )


def due_invoices(scope: Scope) -> QuerySet[Invoice]:
    """Invoices that are overdue or due within a week, the oldest first."""
    due = invoices_for(scope).filter(tabs(erp_today())["due"])
    return due.prefetch_related("orders").order_by("due_on", "pk")


def tab_counts(scope: Scope) -> dict[str, int]:
    """How many documents each tab holds. One statement."""
    counts = {
        name: Count("pk", filter=found) if found else Count("pk") for name, found in tabs(erp_today()).items()
    }
    return invoices_for(scope).aggregate(**counts)


def all_invoices() -> QuerySet[Invoice]:
    """Every invoice and credit note, for staff and jobs."""
    return Invoice.objects.select_related("company", "credits")
