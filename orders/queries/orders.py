"""Finding orders: a buyer's through a scope, everybody's for staff."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Exists, Func, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.listing import COUNTED, START, Counted, OfCompanies, Place, Stretch, counts, stretch
from accounts.models import Company
from accounts.scope import Scope
from accounts.seats import Seat, seats_of
from accounts.states import Right
from core.errors import NotFound
from orders.models import ApprovalDecision, ApprovalStep, Order, OrderLine
from orders.models.order import RARE, po_figures
from orders.states import OrderStatus, RequestState, StepState

LONGEST = ("placed_at", "id")
# Nobody reads on among more; a longer text finds less.
FOUND = 1000
ENDED = (OrderStatus.CANCELLED, OrderStatus.REJECTED)

# How a list of orders can be narrowed: by the name of a tab.
TABS: dict[str, Q] = {"all": Q(), **RARE, "done": Q(status=OrderStatus.CLOSED)}


def orders_for(scope: Scope) -> QuerySet[Order]:
    """The orders that may be seen: one's own, the acting company's or its branches' too, as deep as the right goes."""
    return _with_people(Order.objects.filter(scope.documents(Right.SEE_ORDERS, owner="placed_by")))


def _with_people(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.select_related("company", "placed_by", "entered_by", "decided_by")


def order_stretch(
    scope: Scope, place: Place = START, *, text: str = "", tab: str = "all", size: int = 25
) -> Stretch[Order]:
    """A page of the orders that may be seen, the newest first; three statements at most, however many there are."""
    if text.strip():
        return stretch(OfCompanies(None), search_orders(scope, text=text, tab=tab), place, size=size)
    reach = scope.reach(Right.SEE_ORDERS)
    own = Order.objects.filter(scope.persons(Right.SEE_ORDERS, owner="placed_by"))
    return stretch(OfCompanies(reach), _with_people(own.filter(TABS.get(tab, Q()))), place, size=size)


def search_orders(scope: Scope, *, text: str = "", tab: str = "all") -> QuerySet[Order]:
    """Orders by our number, the PO number, the ERP's number or a product in them (failure bank 43).

    A PO number is found by its beginning, or by that of its figures: "77" finds PO-77/4. Each way has its index.
    """
    orders = orders_for(scope).filter(TABS.get(tab, Q()))
    return orders.filter(pk__in=found_orders(orders, text)) if text.strip() else orders


def found_orders(orders: QuerySet[Order], text: str) -> QuerySet[Order, Any]:
    """The keys of those of some orders that a text names: the newest FOUND of each way."""
    words = text.strip()
    plain = orders.select_related(None)
    ways = [
        plain.filter(number=words.upper()),
        plain.filter(erp_number__iexact=words),
        plain.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), sku__iexact=words))),
        plain.filter(po_number__istartswith=words),
    ]
    if words[:1].isdecimal():
        ways.append(plain.alias(figures=po_figures()).filter(figures__startswith=words.upper()))
    first, *others = (rows.order_by("-id").values("pk")[:FOUND] for rows in ways)
    return first.union(*others)


def tab_counts(scope: Scope) -> dict[str, Counted]:
    """How many orders each tab holds, up to COUNTED. One statement."""
    orders = orders_for(scope)
    return counts({name: orders.filter(found) for name, found in TABS.items()})


def order_by_number(scope: Scope, number: str) -> Order:
    """An order that may be seen. Raises NotFound, the same for unknown and foreign ones."""
    order = (
        orders_for(scope)
        .select_related("bill_to_company", "payment_term", "warehouse", "company__sales_rep")
        .filter(number=number)
        .first()
    )
    if order is None:
        raise no_order(number)
    return order


def no_order(number: str) -> NotFound:
    """What unknown and foreign orders answer alike."""
    return NotFound(_("There is no order %(number)s.") % {"number": number}, order=number)


def numbers_seen(scope: Scope, numbers: Iterable[str]) -> list[str]:
    """Those of some orders' numbers whose orders may be opened, in their order. One statement, none without a number.

    An invoice or a quote names its orders to whoever may read it; only these are more than a text.
    """
    wanted = list(dict.fromkeys(number for number in numbers if number))
    if not wanted:
        return []
    found = set(orders_for(scope).filter(number__in=wanted).values_list("number", flat=True))
    return [number for number in wanted if number in found]


def orders_with_po(scope: Scope, po_number: str) -> QuerySet[Order]:
    """The acting company's orders that already carry a PO number, but for ended ones (CRT-06)."""
    wanted = po_number.strip()
    if not wanted or scope.company_id is None:
        return Order.objects.none()
    same = Order.objects.filter(company_id=scope.company_id, po_number__iexact=wanted)
    return same.exclude(status__in=ENDED)


def approvals_for(scope: Scope) -> QuerySet[Order]:
    """The orders that wait for this person's decision, for the own seat or an absent person's, oldest first.

    Not the own ones, unless their rule allows it. Nothing without the right to approve. Inbox, count, page,
    mail and action all go by it (failure bank 19); it says what orders.rules.steps.may_decide says.
    """
    if not scope.may(Right.APPROVE) or scope.company_id is None or scope.principal_id is not None:
        return Order.objects.none()
    seats = seats_of(scope.company_id, scope.user_id)
    if not seats:
        return Order.objects.none()
    asked = Q()
    for seat in seats:
        asked |= _asked(seat)
    steps = ApprovalStep.objects.filter(asked, state=StepState.OPEN, request__state=RequestState.OPEN)
    return (
        orders_for(scope)
        .filter(
            company__in=scope.reach(Right.APPROVE),
            status=OrderStatus.PENDING_APPROVAL,
            pk__in=steps.values("request__order_id"),
        )
        .order_by(*LONGEST)
    )


def absent_of(scope: Scope, orders: Iterable[Order]) -> dict[int, list[str]]:
    """For whom this person would decide on waiting orders, by the order's id; those asked of him or her are left out.

    Five statements at most and one more per absent person; as many as seats_of where nobody is absent.
    """
    seats = seats_of(scope.company_id or 0, scope.user_id)
    deputised = [seat for seat in seats if seat.instead_of is not None]
    if not deputised:
        return {}
    ids = [order.pk for order in orders]

    def asked_at(asked: Q) -> set[int]:
        steps = ApprovalStep.objects.filter(asked, state=StepState.OPEN, request__state=RequestState.OPEN)
        return set(steps.filter(request__order__in=ids).values_list("request__order_id", flat=True))

    own = {pk for seat in seats if seat.instead_of is None for pk in asked_at(_asked(seat))}
    found: dict[int, list[str]] = {}
    for seat in deputised:
        for pk in asked_at(_asked(seat)) - own:
            found.setdefault(pk, []).append(str(seat.instead_of))
    return found


def approval_stretch(scope: Scope, place: Place = START, *, text: str = "", size: int = 50) -> Stretch[Order]:
    """A page of the orders that wait for this person's decision, those that wait longest first."""
    waiting = approvals_for(scope)
    if text.strip():
        waiting = waiting.filter(pk__in=found_orders(orders_for(scope), text))
    return stretch(OfCompanies(None), waiting, place, size=size, order=LONGEST)


def approval_count(scope: Scope, *, most: int = COUNTED) -> Counted:
    """How many orders wait for this person's decision, up to `most`."""
    return counts({"waiting": approvals_for(scope)}, most=most)["waiting"]


def _asked(seat: Seat) -> Q:
    """The condition on open steps that ask a seat, and that neither its holder nor a deputy has decided."""
    chosen = Q(any_approver=True) | Q(escalated_at__isnull=False) | Q(people__contains=[seat.holder_id])
    if seat.roles:
        chosen |= Q(roles__overlap=sorted(seat.roles))
    if seat.limit is not None:
        chosen &= Q(request__order__net_amount__lte=seat.limit)
    both = {seat.user.pk, seat.holder_id}
    is_own = Q(request__requester__in=both) | Q(
        request__submitted_by__isnull=False, request__submitted_by__in=both
    )
    this = Func(OuterRef("pk"), template="ARRAY[%(expressions)s]", output_field=ArrayField(BigIntegerField()))
    by_holder = Q(actor_user=seat.holder_id, instead_of=None) | Q(instead_of=seat.holder_id)
    decided = ApprovalDecision.objects.filter(
        by_holder, request_id=OuterRef("request_id"), steps__contains=this
    )
    return chosen & (Q(allows_own=True) | ~is_own) & Q(~Exists(decided))


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
        raise no_order(number)
    return order
