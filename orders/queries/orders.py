"""Finding orders: a buyer's through a scope, everybody's for staff."""

from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from accounts.scope import Scope
from accounts.states import Right
from core.errors import NotFound
from orders.models import Order, OrderLine
from orders.states import OPEN, DeliveryStatus, InvoiceStatus, OrderStatus, PaymentStatus

ENDED = (OrderStatus.CANCELLED, OrderStatus.REJECTED)

# How a list of orders can be narrowed: by the name of a tab.
TABS: dict[str, Q] = {
    "all": Q(),
    "open": Q(status__in=OPEN),
    "waiting": Q(status=OrderStatus.PENDING_APPROVAL),
    "trouble": Q(status=OrderStatus.ON_HOLD)
    | Q(delivery_status=DeliveryStatus.EXCEPTION)
    | Q(invoice_status=InvoiceStatus.EXCEPTION),
    "unpaid": Q(payment_status__in=[PaymentStatus.OPEN, PaymentStatus.PARTIAL]),
    "done": Q(status=OrderStatus.CLOSED),
}


def orders_for(scope: Scope) -> QuerySet[Order]:
    """The orders that may be seen: one's own, the acting company's or its branches' too, as deep as the right goes."""
    seen = scope.documents(Right.SEE_ORDERS, owner="placed_by")
    return Order.objects.filter(seen).select_related("company", "placed_by", "decided_by")


def search_orders(scope: Scope, *, text: str = "", tab: str = "all") -> QuerySet[Order]:
    """Orders by our number, PO number, the ERP's number or a product in them (failure bank 43)."""
    orders = orders_for(scope).filter(TABS.get(tab, TABS["all"]))
    words = text.strip()
    if not words:
        return orders
    hit = (
        Q(number__iexact=words)
        | Q(po_number__icontains=words)
        | Q(erp_number__iexact=words)
        | Q(pk__in=OrderLine.objects.filter(sku__iexact=words).values("order_id"))
    )
    return orders.filter(hit)


def tab_counts(scope: Scope) -> dict[str, int]:
    """How many orders each tab holds. One statement."""
    counts = {name: Count("pk", filter=found) if found else Count("pk") for name, found in TABS.items()}
    return orders_for(scope).aggregate(**counts)


def order_by_number(scope: Scope, number: str) -> Order:
    """An order that may be seen. Raises NotFound, the same for unknown and foreign ones."""
    order = (
        orders_for(scope)
        .select_related("bill_to_company", "payment_term", "warehouse", "company__sales_rep")
        .filter(number=number)
        .first()
    )
    if order is None:
        raise NotFound(_("There is no order %(number)s.") % {"number": number}, order=number)
    return order


def orders_with_po(scope: Scope, po_number: str) -> QuerySet[Order]:
    """The acting company's orders that already carry a PO number, but for ended ones (CRT-06)."""
    wanted = po_number.strip()
    if not wanted or scope.company_id is None:
        return Order.objects.none()
    same = Order.objects.filter(company_id=scope.company_id, po_number__iexact=wanted)
    return same.exclude(status__in=ENDED)


def approvals_for(scope: Scope) -> QuerySet[Order]:
    """The orders that wait for this person's decision: not the own ones, oldest first.

    Nothing without the right to approve.
    """
    if not scope.may(Right.APPROVE):
        return Order.objects.none()
    waiting = orders_for(scope).filter(
        company__in=scope.reach(Right.APPROVE), status=OrderStatus.PENDING_APPROVAL
    )
    return waiting.exclude(placed_by_id=scope.user_id).order_by("placed_at")


def open_value(orders: QuerySet[Order]) -> Decimal:
    """The sum of orders, with tax."""
    return orders.aggregate(total=Sum("gross_amount"))["total"] or Decimal(0)


def is_placed(company: Company, origin: str, origin_ref: str) -> bool:
    """Whether something has been ordered already: a repeat need not ask the ERP again (CRT-15)."""
    return Order.objects.filter(company=company, origin=origin, origin_ref=origin_ref).exists()


def all_orders() -> QuerySet[Order]:
    """Every order, for staff and jobs."""
    return Order.objects.select_related("company", "placed_by", "warehouse")


def all_order_by_number(number: str) -> Order:
    """Any order, for staff. Raises NotFound."""
    order = (
        all_orders()
        .select_related("bill_to_company", "payment_term", "decided_by", "company__sales_rep")
        .filter(number=number)
        .first()
    )
    if order is None:
        raise NotFound(_("There is no order %(number)s.") % {"number": number}, order=number)
    return order
