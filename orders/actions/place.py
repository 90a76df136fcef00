"""Placing an order: the only way by which one comes to be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, F, Func, IntegerField, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.assistance import acting_by
from accounts.models import Address, Company, CreditAccount, PaymentTerm
from accounts.queries import Acting, Billing, billing_of, ship_to_addresses
from accounts.scope import NOTHING, Scope
from accounts.states import Right
from catalog.actions.allocation import Want, allocate_stock
from catalog.models import Product, ProductUnit, Warehouse
from catalog.queries import availability, known_products
from catalog.rules import whole_units
from core import outbox
from core.actor import Actor, action
from core.errors import DomainError, InvalidValue, NotAllowed
from core.money import line_net
from core.numbers import next_number
from core.units import Conversion
from orders.actions.eligibility import check_eligible
from orders.actions.live import keep_disagreements
from orders.actions.moves import keep_move
from orders.actions.reserve import check_room, lock_room, reserve_room
from orders.actions.review import pass_on
from orders.actions.submission import ask_for_approval
from orders.models import Order, OrderLine
from orders.queries.budget import BudgetState, cost_centres_for
from orders.queries.cart import line_refusals, stale_refusals, warehouse_for
from orders.queries.credit import all_credit_outlook
from orders.queries.restrictions import wanted_line
from orders.queries.rules import Judged, hits_of
from orders.rules.credit import check_credit
from orders.rules.lines import LineRefusal, check_lines, not_in_range
from orders.rules.live import Decision
from orders.rules.totals import Totals, totals_of
from orders.states import OrderStatus


@dataclass(frozen=True)
class DraftLine:
    """A line that is to be ordered. unit_price: per one of `unit_key`, already decided.

    ratio: base units per unit as agreed, (numerator, denominator); None takes the product's of now.
    """

    product_id: int
    unit_key: str
    quantity: Decimal
    unit_price: Decimal
    tax_code: str
    tax_percent: Decimal
    price_story: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    note: str = ""
    ratio: tuple[int, int] | None = None


@dataclass(frozen=True)
class OrderDraft:
    """All that makes an order. origin and origin_ref: what it is made from, once and only once.

    payment_term_id: as agreed, None for the company's own. decisions: on what the ERP was asked live.
    """

    company_id: int
    origin: str
    origin_ref: str
    lines: tuple[DraftLine, ...]
    ship_to_erp_id: str
    po_number: str = ""
    note: str = ""
    requested_on: date | None = None
    payment_term_id: int | None = None
    cost_centre: str = ""
    decisions: tuple[Decision, ...] = ()


@action
def place_order(draft: OrderDraft, *, by: Actor) -> Order:
    """Take an order; a repeat for the same origin answers the order that there is (CRT-15).

    Checks right, lines, ship-to, restrictions, PO rule, credit and budgets, in this order; the credit under the
    lock of the row that owns the limit and the budgets under theirs, so that no two orders share the same room
    (CRT-13, APR-08). An order that a rule, a budget or the member's limit wants approved waits and records
    `order.approval_requested`, every other one goes on its way, see `pass_on`. Stock is promised as far as there is any, the rest is stated
    as backordered, and both are told by `stock.allocated`. The caller has locked what the order is made from.
    Raises NotAllowed, InvalidValue, LinesRefused, OnHold, OverLimit, OverBudget, NoApprover.
    """
    placed = _placed(draft)
    if placed is not None:
        return placed
    if by.user_id is None:
        raise NotAllowed(_("An order is placed by a person."), right=str(Right.BUY))
    acting = acting_by(by, draft.company_id)
    (acting.scope if acting else NOTHING).require(Right.BUY)
    assert acting is not None  # noqa: S101 - NOTHING has no rights
    company = acting.company

    lines = checked_lines(draft, acting.scope)
    ship_to = _ship_to(draft, acting.scope)
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
        budgets=[one.budget.name for one in exceeded],
    )
    hits, facts = hits_of(judged)

    order = _order(draft, company, bill_to, totals, by)
    order.placed_by = acting.membership.user
    order.entered_by_id = by.user_id if by.principal_id else None
    order.ship_to_address, order.ship_to = ship_to, address_json(ship_to)
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
        ask_for_approval(order, hits, facts, acting.membership.manager_id, by=by, figures=figures)
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


def address_json(address: Address) -> dict[str, str]:
    """An address as it is kept with a document (failure bank 24)."""
    names = ("erp_id", "name", "street", "postal_code", "city", "country")
    return {name: getattr(address, name) for name in names}


def placed_before(origin: str, origin_ref: str, company_id: int) -> Order | None:
    """The order that has been made from an origin, if there is one."""
    made = Order.objects.filter(origin=origin, origin_ref=origin_ref, company_id=company_id)
    found = made.values_list("pk", flat=True).first()  # mostly there is none: one column is enough to know
    return None if found is None else made.get()


def _placed(draft: OrderDraft) -> Order | None:
    return placed_before(draft.origin, draft.origin_ref, draft.company_id)


def checked_lines(draft: OrderDraft, scope: Scope) -> list[OrderLine]:
    if not draft.lines:
        raise InvalidValue(_("There is nothing to order: the cart is empty."), field="lines")
    ids = {line.product_id for line in draft.lines}
    known = known_products(scope, ids)
    hidden = Product.objects.in_bulk(ids - known.keys()) if ids - known.keys() else {}
    units = {
        (unit.product_id, unit.key): unit
        for unit in ProductUnit.objects.filter(product_id__in=ids, is_active=True).order_by()
    }
    refusals: list[LineRefusal] = []
    lines = []
    for position, line in enumerate(draft.lines, start=1):
        if line.product_id in hidden:
            sku = hidden[line.product_id].sku
            refusal = not_in_range(sku)
            refusals.append(LineRefusal(position, sku, refusal.code, str(refusal)))
            continue
        product = known[line.product_id]
        unit = units.get((product.pk, line.unit_key))
        if unit is not None and line.ratio not in (None, (unit.numerator, unit.denominator)):
            unit = None  # the pack holds something else than was agreed
        found = line_refusals(product, unit, line.quantity)
        refusals += [LineRefusal(position, product.sku, error.code, str(error)) for error in found]
        if unit is not None and not found:
            lines.append(_line(position, line, product, unit, scope.currency))
    check_lines(refusals)
    return lines


def _line(position: int, line: DraftLine, product: Product, unit: ProductUnit, currency: str) -> OrderLine:
    return OrderLine(
        position=position,
        product=product,
        unit=unit,
        sku=product.sku,
        name=line.name or product.title,
        unit_code=unit.code,
        unit_key=unit.key,
        numerator=unit.numerator,
        denominator=unit.denominator,
        unit_price=line.unit_price,
        net_amount=line_net(line.quantity, line.unit_price, currency=currency),
        tax_code=line.tax_code,
        tax_percent=line.tax_percent,
        price_story=line.price_story,
        note=line.note[:300],
        ordered=line.quantity,
    )


def _ship_to(draft: OrderDraft, scope: Scope) -> Address:
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


def judged_of(
    acting: Acting,
    lines: Sequence[OrderLine],
    net_amount: Decimal,
    *,
    ship_to: str,
    cost_centre: str,
    budgets: Sequence[str],
) -> Judged:
    """An order as approval rules judge it, in its requester's place (failure bank 47)."""
    return Judged(
        company=acting.company,
        lineage=acting.scope.lineage,
        net_amount=net_amount,
        product_ids=tuple(line.product_id for line in lines),
        limit=acting.membership.order_limit,
        requester=acting.membership.user.email,
        ship_to=ship_to,
        cost_centre=cost_centre,
        budgets=tuple(budgets),
        lines=len(lines),
    )


def shown_figures(lines: Sequence[OrderLine], budgets: Sequence[BudgetState]) -> dict[str, Any]:
    """What approvers are shown, as it is kept with the request: the lines, and the budgets without the order."""
    return {
        "order_lines": [
            {
                "sku": line.sku,
                "quantity": str(line.ordered),
                "unit_key": line.unit_key,
                "unit_price": str(line.unit_price),
                "net_amount": str(line.net_amount),
            }
            for line in lines
        ],
        "budget_figures": [{"budget": one.budget.name, **one.figures.to_json()} for one in budgets],
    }


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
        bill_to=address_json(billing.address),
        correlation_id=by.correlation_id,
    )


def _write_order(order: Order) -> None:
    """Insert the order by itself, without the look-ups of `save`."""
    Order.objects.bulk_create([order])


def warehouse_of(lines: Sequence[OrderLine]) -> Warehouse:
    stock = availability([line.product_id for line in lines])
    warehouse = warehouse_for([(line.product_id, base_quantity(line)) for line in lines], stock)
    if warehouse is None:
        raise InvalidValue(_("No warehouse ships online orders at the moment: ask your contact in sales."))
    check_lines(
        [
            refusal
            for line in lines
            for refusal in stale_refusals(line.position, line.product, warehouse, stock)
        ]
    )
    return warehouse


def write_lines(order: Order, lines: Sequence[OrderLine], by: Actor) -> None:
    """Write the lines with the stock that is promised to them now (CRT-14, INV-02)."""
    wants = [
        Want(f"{order.subject}/{line.position}", line.product_id, order.warehouse_id, base_quantity(line))
        for line in lines
    ]
    for line, answer in zip(lines, allocate_stock(wants, by=by), strict=True):
        assert line.unit is not None  # noqa: S101 - a line without a unit was refused
        line.order = order
        line.allocated = min(whole_units(line.unit, answer.covered), line.ordered)
        line.backordered = line.ordered - line.allocated
    OrderLine.objects.bulk_create(lines)
    _record_allocated(order, lines, by)


def _record_allocated(order: Order, lines: Sequence[OrderLine], by: Actor) -> None:
    allocated = [
        {
            "position": line.position,
            "sku": line.sku,
            "unit_code": line.unit_code,
            "allocated": str(line.allocated),
            "backordered": str(line.backordered),
        }
        for line in lines
    ]
    payload = {
        "number": order.number,
        "company": order.company.number,
        "warehouse": order.warehouse.code,
        "lines": allocated,
    }
    outbox.record(
        "stock.allocated", subject=order.subject, payload=payload, by=by, company=order.company.number
    )


def base_quantity(line: OrderLine) -> Decimal:
    """How much a line orders, in base units."""
    return Conversion(line.numerator, line.denominator).to_base(line.ordered)
