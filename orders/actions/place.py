"""Placing an order: the only way by which one comes to be."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, F, Func, IntegerField, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions.holding import hold_access
from accounts.assistance import acting_by
from accounts.models import Address, Company, CreditAccount, PaymentTerm
from accounts.queries.addresses import ship_to_addresses
from accounts.queries.billing import Billing, billing_of
from accounts.queries.lines import lineage_of
from accounts.queries.scopes import Acting
from accounts.scope import NOTHING, Scope
from accounts.segments import ages_judged_for
from accounts.states import Right
from core.actor import Actor, action
from core.errors import DomainError, InvalidValue, NotAllowed
from core.numbers import next_number
from orders.actions.eligibility import check_eligible
from orders.actions.facts import judged_of, shown_figures
from orders.actions.lines import base_quantity, checked_lines, warehouse_of, write_lines
from orders.actions.live import keep_disagreements
from orders.actions.moves import keep_move
from orders.actions.reserve import check_room, lock_room, reserve_room
from orders.actions.review import pass_on
from orders.actions.submission import ask_for_approval
from orders.drafts import OrderDraft
from orders.models import Order
from orders.queries.budget import cost_centres_for
from orders.queries.credit import all_credit_outlook
from orders.queries.restrictions import wanted_line
from orders.queries.rules import hits_of
from orders.rules.credit import check_credit
from orders.rules.totals import Totals, totals_of
from orders.states import OrderStatus


@action
def place_order(draft: OrderDraft, *, by: Actor) -> Order:
    """Take an order; a repeat for the same origin answers the order that there is (CRT-15).

    The access of whoever orders is held until it is placed, so that its end comes wholly before or after.
    Checks right, lines, ship-to, restrictions, PO rule, credit and budgets, in this order; the credit under the
    lock of the row that owns the limit and the budgets under theirs, so that no two orders share the same room
    (CRT-13, APR-08). An order that a rule, a budget or the member's limit wants approved waits and records
    `order.approval_requested`, every other one goes on its way, see `pass_on`. Stock is promised as far as there is any, the rest is stated
    as backordered, and both are told by `stock.allocated`. The caller has locked what the order is made from.
    Raises NotAllowed, InvalidValue, LinesRefused, OnHold, OverLimit, OverBudget, NoApprover.
    """
    with ages_judged_for(lambda: lineage_of(draft.company_id)):
        return _place(draft, by)


def _place(draft: OrderDraft, by: Actor) -> Order:
    placed = _placed(draft)
    if placed is not None:
        return placed
    if by.user_id is None:
        raise NotAllowed(_("An order is placed by a person."), right=str(Right.BUY))
    hold_access(by.buyer_id, draft.company_id)
    acting = acting_by(by, draft.company_id)
    (acting.scope if acting else NOTHING).require(Right.BUY)
    assert acting is not None  # noqa: S101 - NOTHING has no rights
    company = acting.company

    lines = checked_lines(draft, acting.scope)
    ship_to = checked_ship_to(draft, acting.scope)
    wanted = [wanted_line(line.position, line.product, base_quantity(line)) for line in lines]
    doubts = check_eligible(acting.scope, wanted, ship_to, draft.decisions)
    decisions = (*draft.decisions, *doubts)
    bill_to = _bill_to(acting)
    check_po(draft, company)
    totals = totals_of([(line.net_amount, line.tax_percent) for line in lines], company.currency)
    lock_credit(acting.scope.lineage)
    outlook = all_credit_outlook(company, totals.gross_amount)
    try:
        check_credit(outlook.figures, company.currency)
    except DomainError:
        placed = _placed(draft)  # a twin of it may have taken the room while this one waited
        if placed is None:
            raise
        return placed
    cost_centre = checked_cost_centre(draft, acting.scope)
    room = lock_room(acting.scope.lineage, acting.membership.user_id, cost_centre, company.currency)
    try:
        exceeded = check_room(room, totals.net_amount)
    except DomainError:
        placed = _placed(draft)
        if placed is None:
            raise
        return placed
    judged = judged_of(
        acting,
        lines,
        totals.net_amount,
        ship_to=draft.ship_to_erp_id,
        cost_centre=cost_centre,
        exceeded=exceeded,
    )
    hits, facts = hits_of(judged)

    order = _order(draft, company, bill_to, totals, by)
    order.placed_by = acting.membership.user
    order.entered_by_id = by.user_id if by.principal_id else None
    order.ship_to_address, order.ship_to = ship_to, address_json(ship_to, ship_to.ship_to_number)
    order.warehouse = warehouse_of(lines)
    order.credit_decision = outlook.story()
    order.live_checks = [one.to_json() for one in decisions]
    order.cost_centre = cost_centre
    if hits:
        order.status = OrderStatus.PENDING_APPROVAL
        order.approval_rules = [hit.to_json() for hit in hits]
    try:
        with transaction.atomic():
            _write_order(order)
    except IntegrityError:
        placed = _placed(draft)
        if placed is None:
            raise
        return placed
    keep_move(order, "", by=by)

    reserve_room(order, room, by=by)
    keep_disagreements(decisions, document=order.number, by=by)
    if hits:
        figures = shown_figures(lines, room.states)
        ask_for_approval(order, hits, facts, acting.ordering.manager_id, by=by, figures=figures)
    else:
        pass_on(order, by=by, lines=lines)
    write_lines(order, lines, by)
    return order


def lock_credit(lineage: Sequence[int]) -> None:
    """Lock the row that owns the credit limit of a company; without a limit there is none.

    lineage: the ids of the company and those above it, nearest first.
    """
    nearness = Func(
        Value(list(lineage), output_field=ArrayField(BigIntegerField())),
        F("company_id"),
        function="array_position",
        output_field=IntegerField(),
    )
    limits = CreditAccount.objects.filter(company_id__in=lineage, limit_amount__isnull=False)
    limits.order_by(nearness).select_for_update(of=("self",), no_key=True).first()


def address_json(address: Address, code: str) -> dict[str, str]:
    """An address as it is kept with a document (failure bank 24). code: its number in the role it has there."""
    names = ("erp_id", "name", "street", "postal_code", "city", "country")
    return {**{name: getattr(address, name) for name in names}, "code": code}


def placed_before(origin: str, origin_ref: str, company_id: int) -> Order | None:
    """The order that has been made from an origin, if there is one."""
    made = Order.objects.filter(origin=origin, origin_ref=origin_ref, company_id=company_id)
    found = made.values_list("pk", flat=True).first()  # mostly there is none: one column is enough to know
    return None if found is None else made.get()


def _placed(draft: OrderDraft) -> Order | None:
    return placed_before(draft.origin, draft.origin_ref, draft.company_id)


def checked_ship_to(draft: OrderDraft, scope: Scope) -> Address:
    """Where the goods go. Raises InvalidValue for what is no delivery address in use of the acting company."""
    address = ship_to_addresses(scope).filter(erp_id=draft.ship_to_erp_id).first()
    if address is None:
        raise InvalidValue(
            _("Goods cannot be sent to this address: choose one of your company's delivery addresses."),
            field="ship_to",
        )
    return address


def _bill_to(acting: Acting) -> Billing:
    billing = billing_of(acting.company, acting.line)
    if billing.address is None:
        raise InvalidValue(
            _("There is no invoice address for your company yet: ask your contact in sales to add it."),
            field="bill_to",
        )
    return billing


def check_po(draft: OrderDraft, company: Company) -> None:
    if company.needs_po_number and not draft.po_number.strip():
        raise InvalidValue(
            _("Your company orders with a PO number: enter it, it is printed on every paper."),
            field="po_number",
        )


def checked_cost_centre(draft: OrderDraft, scope: Scope) -> str:
    """The code of the chosen cost centre. Raises InvalidValue for a missing or unknown one."""
    known = list(cost_centres_for(scope).values_list("code", flat=True))
    wanted = draft.cost_centre.strip()
    if not wanted and (not known or draft.origin == "quote"):
        return ""
    found = next((code for code in known if code.casefold() == wanted.casefold()), None)
    if found is None:
        raise InvalidValue(_("Choose the cost centre that this order is booked to."), field="cost_centre")
    return found


def _order(draft: OrderDraft, company: Company, billing: Billing, totals: Totals, by: Actor) -> Order:
    term = (
        PaymentTerm.objects.get(pk=draft.payment_term_id) if draft.payment_term_id else billing.payment_term
    )
    assert billing.address is not None  # noqa: S101 - _bill_to has refused that
    return Order(
        number=next_number("order"),
        company=company,
        placed_at=timezone.now(),
        origin=draft.origin,
        origin_ref=draft.origin_ref,
        status=OrderStatus.RECEIVED,
        currency=company.currency,
        net_amount=totals.net_amount,
        tax_amount=totals.tax_amount,
        gross_amount=totals.gross_amount,
        taxes=totals.taxes_as_json(),
        po_number=draft.po_number.strip()[:60],
        note=draft.note.strip(),
        requested_on=draft.requested_on,
        payment_term=term,
        bill_to_address=billing.address,
        bill_to_company=billing.company,
        bill_to=address_json(billing.address, billing.address.bill_to_number),
        correlation_id=by.correlation_id,
    )


def _write_order(order: Order) -> None:
    """Insert the order by itself, without the look-ups of `save`."""
    Order.objects.bulk_create([order])
