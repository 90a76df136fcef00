"""What the events of an order, its quote and its request are called: one line each, per language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

from core import amounts

Payload = dict[str, Any]


@dataclass(frozen=True)
class Wording:
    """How an event reads. tone: good, work, warn, bad or empty. is_internal: for staff alone.

    note: what stands behind the title; internal_note: instead of it for staff.
    """

    title: Callable[[Payload], str]
    note: Callable[[Payload], str] = lambda payload: ""
    tone: str = ""
    is_internal: bool = False
    internal_note: Callable[[Payload], str] | None = None


def amount(payload: Payload, key: str) -> str:
    """An amount of the payload with its currency, as the reader writes numbers: EUR 1,240.00."""
    value = payload.get(key)
    if value is None:
        return ""
    if amounts.are_hidden():
        return _("(amount not shown)")
    currency = payload.get("currency", "")
    digits = get_currency_precision(currency) if currency else 2
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written = format_decimal(Decimal(value), format=pattern, locale=_locale())
    return f"{currency} {written}".replace("-", "−")


def _locale() -> str:
    return to_locale(get_language() or "en")


def _number(value: str) -> str:
    return format_decimal(Decimal(value), format="#,##0.######", locale=_locale())


def _day(value: str | None) -> str:
    return format_date(date.fromisoformat(value), format="EEE d MMM", locale=_locale()) if value else ""


def _net(payload: Payload) -> str:
    return _("%(amount)s net") % {"amount": amount(payload, "net_amount")}


def _lines_and_net(payload: Payload) -> str:
    count = len(payload.get("order", {}).get("lines", []))
    net = _net(payload)
    if not count:
        return net
    lines = ngettext("%(count)s line", "%(count)s lines", count) % {"count": count}
    return f"{lines}, {net}"


def _goods(payload: Payload) -> str:
    lines = payload.get("lines", [])
    told = [f"{_number(line['quantity'])} × {line['sku']}" for line in lines[:3]]
    if len(lines) > 3:
        told.append(_("%(count)s more") % {"count": len(lines) - 3})
    return ", ".join(told)


def _planned(payload: Payload) -> str:
    return ", ".join(part for part in (_goods(payload), _day(payload.get("planned_on"))) if part)


def _invoice(payload: Payload) -> str:
    return amount(payload, "invoice_gross_amount")


def _text(key: str) -> Callable[[Payload], str]:
    return lambda payload: str(payload.get(key) or "")


def _asked(payload: Payload) -> str:
    if payload.get("stage", 0) > 1:
        return _("Waits for the next approver")
    again = payload.get("round", 0) > 1
    return _("Order submitted again, waits for approval") if again else _("Order placed, waits for approval")


def _waits_for(payload: Payload) -> str:
    return ", ".join(person["name"] for person in payload.get("approvers", []))


def _quote(payload: Payload) -> dict[str, Any]:
    return {"number": payload.get("number", ""), "revision": payload.get("revision", "")}


def _offer(payload: Payload) -> str:
    return _("revision %(revision)s, %(net)s") % {**_quote(payload), "net": _net(payload)}


def _changed(payload: Payload) -> str:
    return payload.get("reason") or _("ERP state: %(state)s") % {"state": payload.get("erp_status", "")}


def _allocated(payload: Payload) -> str:
    waiting = [line for line in payload.get("lines", []) if Decimal(line["backordered"])]
    told = [f"{_number(line['backordered'])} × {line['sku']}" for line in waiting[:3]]
    if len(waiting) > 3:
        told.append(_("%(count)s more") % {"count": len(waiting) - 3})
    return _("backordered: %(goods)s") % {"goods": ", ".join(told)} if told else ""


WORDINGS: dict[str, Wording] = {
    "rfq.submitted": Wording(lambda p: _("Quote asked for, %(number)s") % {"number": p.get("number", "")}),
    "rfq.declined": Wording(lambda p: _("Request declined"), _text("reason"), "bad"),
    "quote.created": Wording(lambda p: _("Quote %(number)s started") % _quote(p), is_internal=True),
    "quote.revised": Wording(lambda p: _("Quote revised"), _offer, is_internal=True),
    "quote.approval_requested": Wording(
        lambda p: _("Approval of the quote asked for"), _offer, "warn", is_internal=True
    ),
    "quote.approved": Wording(lambda p: _("Quote approved"), _text("text"), "good", is_internal=True),
    "quote.returned": Wording(
        lambda p: _("Quote returned to its maker"), _text("text"), "warn", is_internal=True
    ),
    "quote.sent": Wording(lambda p: _("Quote %(number)s sent") % _quote(p), _offer, "work"),
    "quote.seen": Wording(lambda p: _("Quote seen by the buyer"), is_internal=True),
    "quote.change_requested": Wording(lambda p: _("Change of the quote asked for"), _text("text"), "warn"),
    "quote.accepted": Wording(lambda p: _("Quote %(number)s accepted") % _quote(p), _offer, "good"),
    "quote.declined": Wording(lambda p: _("Quote declined"), _text("text"), "bad"),
    "rfq.cancelled": Wording(lambda p: _("Request taken back"), tone="warn"),
    "quote.withdrawn": Wording(lambda p: _("Quote withdrawn"), _text("text"), "bad"),
    "quote.expired": Wording(lambda p: _("Quote expired"), tone="warn"),
    "order.received": Wording(lambda p: _("Order received"), _lines_and_net),
    "order.unconfirmed": Wording(
        lambda p: _("Order received"), lambda p: _("the ERP has yet to confirm a price"), "warn"
    ),
    "cart.updated": Wording(lambda p: _("Cart changed"), is_internal=True),
    "stock.allocated": Wording(lambda p: _("Stock reserved"), _allocated, is_internal=True),
    "order.approval_requested": Wording(_asked, _net, "warn"),
    "order.approval_reminded": Wording(lambda p: _("Approvers reminded"), _waits_for, "warn"),
    "order.approval_escalated": Wording(lambda p: _("Approval escalated"), _waits_for, "warn"),
    "order.approval_rerouted": Wording(
        lambda p: _("Somebody else is asked for the approval"), _text("reason"), "warn"
    ),
    "order.step_approved": Wording(
        lambda p: _("A step of the approval is through"), _text("comment"), "work"
    ),
    "order.returned": Wording(lambda p: _("Order returned to its buyer"), _text("comment"), "warn"),
    "order.approved": Wording(lambda p: _("Order approved"), _text("comment"), "good"),
    "order.rejected": Wording(lambda p: _("Order rejected"), _text("comment"), "bad"),
    "order.confirmed": Wording(
        lambda p: _("Confirmed by the ERP"),
        lambda p: _("as %(number)s") % {"number": p.get("erp_number", "")},
        "good",
    ),
    "order.held": Wording(
        lambda p: _("On hold"),
        lambda p: _("our sales team is looking into it"),
        "warn",
        internal_note=_text("reason"),
    ),
    "order.resent": Wording(lambda p: _("Sent to the ERP again"), tone="work"),
    "order.cancelled": Wording(lambda p: _("Cancelled"), _text("reason"), "bad"),
    "order.closed": Wording(lambda p: _("Complete"), lambda p: _("all shipped, invoiced and paid"), "good"),
    "order.changed": Wording(_changed, is_internal=True),
    "shipment.planned": Wording(lambda p: _("Shipment %(shipment)s planned") % p, _planned),
    "shipment.shipped": Wording(lambda p: _("Shipment %(shipment)s left") % p, _goods, "work"),
    "invoice.issued": Wording(lambda p: _("Invoice %(invoice)s") % p, _invoice),
    "invoice.partly_paid": Wording(
        lambda p: _("Invoice %(invoice)s paid in part") % p,
        lambda p: (
            _("%(paid)s, %(open)s left") % {"paid": amount(p, "paid"), "open": amount(p, "open_amount")}
        ),
        "work",
    ),
    "invoice.paid": Wording(lambda p: _("Invoice %(invoice)s paid") % p, lambda p: amount(p, "paid"), "good"),
    "credit_note.issued": Wording(lambda p: _("Credit note %(invoice)s") % p, _invoice, "work"),
}
