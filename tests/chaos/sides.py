"""What the portal and the ERP hold in the end, order by order, and where they disagree."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.money import is_rounding
from demo.stack import Stack
from tests.demo.erp_client import Session

EURO = "EUR"
TAKEN = ("confirmed", "processing", "done")
FIELDS = [
    "portal_key",
    "number",
    "state",
    "untaxed_amount",
    "tax_amount",
    "lines.product.code",
    "lines.quantity",
]

# Asked of the portal's own database: the pages of a list show fewer.
PORTAL = """
import json
from core.models import Case
from integrations.models import Delivery, DeliveryAttempt
from orders.models import Order
orders = {
    order.number: {
        "status": order.status, "erp_number": order.erp_number, "net": str(order.net_amount),
        "tax": str(order.tax_amount), "delivery": order.delivery_status,
        "lines": sorted([line.sku, str(line.ordered.normalize()), str(line.shipped.normalize())] for line in order.lines.all()),
    }
    for order in Order.objects.filter(origin="api").prefetch_related("lines")
}
cases = [[case.kind, case.subject, case.cause] for case in Case.objects.filter(state="open")]
open_deliveries = Delivery.objects.filter(destination="erp", state__in=["waiting", "sending"]).count()
tries = DeliveryAttempt.objects.count()
lost = DeliveryAttempt.objects.filter(outcome__startswith="lost").count()
print("CHAOS" + json.dumps({"orders": orders, "cases": cases, "open": open_deliveries, "tries": tries, "lost": lost}))
"""


@dataclass
class Verdict:
    """The comparison. lost: taken by the portal, unknown to the ERP; mismatched: why, in words.

    rounded: orders whose sums differ by what another way of rounding explains (failure bank 14).
    """

    placed: int
    in_erp: int
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    rounded: list[str] = field(default_factory=list)
    cases: list[list[str]] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether every order that was taken is in the ERP, once, as it was placed."""
        wrong = self.lost or self.duplicated or self.mismatched
        return not wrong and self.in_erp == self.placed

    @property
    def line(self) -> str:
        """The figures in one line."""
        return (
            f"placed={self.placed} in_erp={self.in_erp} lost={len(self.lost)} "
            f"duplicated={len(self.duplicated)} mismatched={len(self.mismatched)} "
            f"open_cases={len(self.cases)} rounded_otherwise={len(self.rounded)}"
        )


def portal_side(stack: Stack) -> dict[str, Any]:
    """Every order of the API with its lines, the open cases, and what is still on its way."""
    said = stack.manage("shell", "--no-imports", "--command", PORTAL)
    found: dict[str, Any] = json.loads(said.partition("CHAOS")[2])
    return found


def erp_side(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """The ERP's sales that carry a number of ours, by that number, asked without the proxy."""
    session = Session(stack.erp_url, stack.environment["ERP_DATABASE"])
    found: dict[str, list[dict[str, Any]]] = {}
    for sale in session.rows("sale.sale", [["portal_key", "!=", None]], FIELDS):
        found.setdefault(sale["portal_key"], []).append(sale)
    return found


def compared(
    promised: dict[str, dict[str, Any]], portal: dict[str, Any], erp: dict[str, list[dict[str, Any]]]
) -> Verdict:
    """Hold the answers the clients got, the portal's orders and the ERP's sales against each other.

    promised: {number: the API's answer to the client}.
    """
    verdict = Verdict(placed=len(promised), in_erp=0, cases=portal["cases"])
    for number, answer in promised.items():
        sales = [sale for sale in erp.get(number, []) if sale["state"] != "cancelled"]
        order = portal["orders"].get(number)
        if order is None:
            verdict.lost.append(f"{number}: the client has it, the portal does not")
            continue
        if not sales:
            verdict.lost.append(f"{number}: {order['status']} here, not in the ERP")
            continue
        if len(sales) > 1:
            verdict.duplicated.append(f"{number}: {[sale['number'] for sale in sales]}")
        verdict.in_erp += 1
        verdict.mismatched += [f"{number}: {what}" for what in _differences(answer, order, sales[0])]
        if (
            Decimal(order["net"]) != sales[0]["untaxed_amount"]
            or Decimal(order["tax"]) != sales[0]["tax_amount"]
        ):
            verdict.rounded.append(number)
    unpromised = sorted(set(portal["orders"]) - set(promised))
    verdict.duplicated += [f"{number}: nobody was told of it" for number in unpromised]
    verdict.duplicated += [f"{number}: only the ERP has it" for number in set(erp) - set(portal["orders"])]
    return verdict


def _differences(answer: dict[str, Any], order: dict[str, Any], sale: dict[str, Any]) -> list[str]:
    found = []
    if sale["state"] not in TAKEN:
        found.append(f"the ERP has it as {sale['state']}")
    if (order["status"], order["erp_number"]) not in (
        ("confirmed", sale["number"]),
        ("closed", sale["number"]),
    ):
        found.append(f"{order['status']} as {order['erp_number']!r} here, {sale['number']!r} in the ERP")
    told, ours, parts = Decimal(answer["net_amount"]), Decimal(order["net"]), len(order["lines"])
    if told != ours or not is_rounding(ours, sale["untaxed_amount"], EURO, parts=parts):
        found.append(f"net {told} was answered, {ours} is here, {sale['untaxed_amount']} in the ERP")
    # All of these goods have one rate of tax.
    if not is_rounding(Decimal(order["tax"]), sale["tax_amount"], EURO, parts=parts + 1):
        found.append(f"tax {order['tax']} here, {sale['tax_amount']} in the ERP")
    theirs = sorted(
        [line["product."]["code"], f"{Decimal(line['quantity']).normalize():f}"] for line in sale["lines."]
    )
    if [[sku, f"{Decimal(quantity):f}"] for sku, quantity, _shipped in order["lines"]] != theirs:
        found.append(f"lines {order['lines']} here, {theirs} in the ERP")
    return found
