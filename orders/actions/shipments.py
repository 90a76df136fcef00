"""Shipments as the ERP tells them: each replaces what was known of it, whatever came before."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from catalog.actions.allocation import count_shipment
from catalog.models import Warehouse
from core import ownership
from core.actor import Actor, action
from core.units import Conversion
from orders.actions.moves import find_order, record
from orders.actions.standing import close_if_complete, set_standing
from orders.models import Order, OrderLine, Shipment, ShipmentLine
from orders.queries.standing import SENT
from orders.records import ShipmentRecord
from orders.rules.facts import ParentMissing
from orders.rules.standing import is_older
from orders.states import Outcome, ShipmentStatus

COLUMNS = (
    "number",
    "status",
    "erp_status",
    "planned_on",
    "shipped_on",
    "shipped_at",
    "tracking_number",
    "carrier",
)


@action
def apply_shipment(news: ShipmentRecord, *, by: Actor) -> Outcome:
    """Take over a shipment with all its lines; a repeat changes nothing, older news is dropped.

    Quantities are set, never added, so repeats and disorder cannot double them (SHP-07). What was
    shipped is counted against the stock we hold back. Records `shipment.planned` for a new one and
    `shipment.shipped` when it leaves. Raises ParentMissing for an order, line or warehouse that is
    not known (SHP-08).
    """
    ownership.check(by, "orders.Shipment", ["status", "lines"])
    order = find_order(news.order_number)
    lines = _lines_of(order, news)
    shipment = Shipment.objects.filter(erp_id=news.erp_id).first()
    if shipment is not None and is_older(news.version, shipment.version):
        return Outcome.OLDER
    values = {name: getattr(news, name) for name in COLUMNS}
    values["warehouse_id"] = _warehouse_id(news, order)
    before = _quantities(shipment)
    after = {line.pk: quantity for line, quantity in lines}
    if shipment is not None and before == after and _same(shipment, values):
        return Outcome.SAME
    was_sent = shipment is not None and shipment.status in SENT

    outcome = Outcome.NEW if shipment is None else Outcome.CHANGED
    shipment = _write(shipment, order, news, values)
    _write_lines(shipment, before, after)
    if news.status in SENT:
        counted = before if was_sent else {}
        _count(
            order,
            shipment,
            [(line, after[line.pk] - counted.get(line.pk, Decimal(0))) for line, _ in lines],
            by,
        )
    set_standing(order, by=by)

    if news.status in SENT and not was_sent:
        when = news.shipped_at or news.as_of
        record("shipment.shipped", order, _told(shipment, lines), by=by, occurred_at=when)
    elif outcome == Outcome.NEW and news.status != ShipmentStatus.CANCELLED:
        record("shipment.planned", order, _told(shipment, lines), by=by, occurred_at=news.as_of)
    close_if_complete(order, by=by)
    return outcome


def _lines_of(order: Order, news: ShipmentRecord) -> list[tuple[OrderLine, Decimal]]:
    """The order's lines in the shipment, with their quantities; one line may come in pieces."""
    known = {line.position: line for line in order.lines.all()}
    sums: dict[int, Decimal] = {}
    for item in news.lines:
        if item.position not in known:
            raise ParentMissing(
                _("Order %(order)s has no line %(position)s, yet shipment %(shipment)s holds it.")
                % {"order": order.number, "position": item.position, "shipment": news.number},
                order=order.number,
                position=item.position,
            )
        sums[item.position] = sums.get(item.position, Decimal(0)) + item.quantity
    return [(known[position], quantity) for position, quantity in sorted(sums.items())]


def _warehouse_id(news: ShipmentRecord, order: Order) -> int:
    if news.warehouse_code is None:
        return order.warehouse_id
    found = Warehouse.objects.filter(code=news.warehouse_code).values_list("pk", flat=True).first()
    if found is None:
        raise ParentMissing(
            _("There is no warehouse “%(code)s” here.") % {"code": news.warehouse_code},
            warehouse=news.warehouse_code,
        )
    return found


def _quantities(shipment: Shipment | None) -> dict[int, Decimal]:
    if shipment is None:
        return {}
    return dict(shipment.lines.values_list("order_line_id", "quantity"))


def _same(shipment: Shipment, values: dict[str, Any]) -> bool:
    return all(getattr(shipment, name) == value for name, value in values.items())


def _write(shipment: Shipment | None, order: Order, news: ShipmentRecord, values: dict[str, Any]) -> Shipment:
    shipment = shipment or Shipment(order=order, erp_id=news.erp_id)
    for name, value in values.items():
        setattr(shipment, name, value)
    shipment.version = news.version
    shipment.as_of = news.as_of
    shipment.save()
    return shipment


def _write_lines(shipment: Shipment, before: dict[int, Decimal], after: dict[int, Decimal]) -> None:
    if before == after:
        return
    shipment.lines.all().delete()
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line_id=line_id, quantity=quantity)
        for line_id, quantity in after.items()
    )


def _count(order: Order, shipment: Shipment, sent: list[tuple[OrderLine, Decimal]], by: Actor) -> None:
    """Tell the catalogue what left, so that it is deducted once: here until the ERP's figure has it."""
    when = shipment.shipped_at or shipment.as_of
    for line, quantity in sent:
        if quantity > 0:
            base = Conversion(line.numerator, line.denominator).to_base(quantity)
            subject = f"{order.subject}/{line.position}"
            count_shipment(subject, shipment.warehouse_id or order.warehouse_id, base, when, by=by)


def _told(shipment: Shipment, lines: list[tuple[OrderLine, Decimal]]) -> dict[str, Any]:
    return {
        "shipment": shipment.number,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "planned_on": shipment.planned_on.isoformat() if shipment.planned_on else None,
        "shipped_on": shipment.shipped_on.isoformat() if shipment.shipped_on else None,
        "lines": [
            {
                "position": line.position,
                "sku": line.sku,
                "name": line.name,
                "quantity": str(quantity),
                "unit_code": line.unit_code,
            }
            for line, quantity in lines
        ],
    }
