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

from accounts.models import Address, Company, CreditAccount, PaymentTerm
from accounts.queries import Acting, Billing, acting_as, all_members_with, billing_of, ship_to_addresses
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
from orders.actions.live import keep_disagreements
from orders.actions.moves import keep_move, record
from orders.actions.review import pass_on
from orders.models import Order, OrderLine
from orders.queries.cart import line_refusals, stale_refusals, warehouse_for
from orders.queries.credit import all_credit_outlook
from orders.rules.approval import NoApprover, approval_reason, needs_approval
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
    decisions: tuple[Decision, ...] = ()


@action
def place_order(draft: OrderDraft, *, by: Actor) -> Order:
    """Take an order; a repeat for the same origin answers the order that there is (CRT-15).

    Checks right, lines, ship-to, PO rule and credit, in this order; the credit under the lock of
    the row that owns the limit, so that no two orders share the same room (CRT-13). An order above
    the member's limit waits for an approver and records `order.approval_requested`, every other
    one goes on its way, see `pass_on`. Stock is promised as far as there is any, the rest is stated
    as backordered, and both are told by `stock.allocated`. The caller has locked what the order is made from.
    Raises NotAllowed, InvalidValue, LinesRefused, OnHold, OverLimit, NoApprover.
    """
    placed = _placed(draft)
    if placed is not None:
        return placed
    if by.user_id is None:
        raise NotAllowed(_("An order is placed by a person."), right=str(Right.BUY))
    acting = acting_as(by.user_id, draft.company_id)
    (acting.scope if acting else NOTHING).require(Right.BUY)
    assert acting is not None  # noqa: S101 - NOTHING has no rights
    company = acting.company

    lines = _checked_lines(draft, acting.scope)
    ship_to = _ship_to(draft, acting.scope)
    bill_to = _bill_to(acting)
    _check_po(draft, company)
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
    limit = acting.membership.order_limit
    approvers = _approvers(company, by) if needs_approval(totals.net_amount, limit) else None

    order = _order(draft, company, bill_to, totals, by)
    order.placed_by = acting.membership.user
    order.ship_to_address, order.ship_to = ship_to, address_json(ship_to)
    order.warehouse = _warehouse(lines)
    order.credit_decision = outlook.story()
    order.live_checks = [one.to_json() for one in draft.decisions]
    if approvers is not None:
        order.status = OrderStatus.PENDING_APPROVAL
        order.approval_reason = approval_reason(limit)
    try:
        with transaction.atomic():
            _write_order(order)
    except IntegrityError:
        placed = _placed(draft)
        if placed is None:
            raise
        return placed
    keep_move(order, "", by=by)

    keep_disagreements(draft.decisions, document=order.number, by=by)
    if approvers is None:
        pass_on(order, by=by, lines=lines)
    else:
        record("order.approval_requested", order, {"approvers": approvers}, by=by)
    _write_lines(order, lines, by)
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


def _checked_lines(draft: OrderDraft, scope: Scope) -> list[OrderLine]:
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


def _check_po(draft: OrderDraft, company: Company) -> None:
    if company.needs_po_number and not draft.po_number.strip():
        raise InvalidValue(
            _("Your company orders with a PO number: enter it, it is printed on every paper."),
            field="po_number",
        )


def _approvers(company: Company, by: Actor) -> list[dict[str, str]]:
    people = [user for user in all_members_with(Right.APPROVE, [company.pk]) if user.pk != by.user_id]
    if not people:
        raise NoApprover(
            _(
                "This order is above what you may order alone, and your company has nobody who may "
                "approve it. Ask its administrator."
            )
        )
    return [{"name": str(user), "email": user.email, "locale": user.locale} for user in people]


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


def _warehouse(lines: Sequence[OrderLine]) -> Warehouse:
    stock = availability([line.product_id for line in lines])
    warehouse = warehouse_for([(line.product_id, _base(line)) for line in lines], stock)
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


def _write_lines(order: Order, lines: Sequence[OrderLine], by: Actor) -> None:
    """Write the lines with the stock that is promised to them now (CRT-14, INV-02)."""
    wants = [
        Want(f"{order.subject}/{line.position}", line.product_id, order.warehouse_id, _base(line))
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


def _base(line: OrderLine) -> Decimal:
    return Conversion(line.numerator, line.denominator).to_base(line.ordered)
