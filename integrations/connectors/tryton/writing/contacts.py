"""Contact data that a customer proposes, written to its party in Tryton in one call, and only what is not so yet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.records import ContactProposed
from integrations.connectors.tryton import mapping
from integrations.connectors.tryton.company import ground_of
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton, connection
from integrations.failures import Refused
from integrations.masking import masked

Row = dict[str, Any]
WAYS = "contact_mechanisms"
FIELDS = ["code", *(f"{WAYS}.{name}" for name in ("type", "value", "name", "invoice", "active"))]


def write_contacts(
    wish: ContactProposed, erp: Tryton | None = None, *, was: Mapping[str, str] | None = None
) -> datetime:
    """Bring contact data to the ERP; the ERP's time. Harmless when it is called again: what is so is not written.

    was: {name of a field: what stood there when the change was wished for}: what is to go is taken away only while it is that.
    Raises Refused when the customer is not known there or the ERP says no.
    """
    erp = erp or connection()
    context = ground_of(erp).context
    found = erp.call(
        "model.party.party.search_read",
        [["code", "=", wish.company_number]],
        0,
        1,
        None,
        FIELDS,
        context=context,
    )
    if not found:
        raise Refused(
            "The customer is not found.",
            cause=_("The ERP has no active customer %(number)s.") % {"number": wish.company_number},
            code="customer_unknown",
            evidence={"customer": wish.company_number},
        )
    changes = _writes(found[0][f"{WAYS}."], wish.changes, was or {})
    try:
        if changes:
            erp.write("model.party.party.write", [found[0]["id"]], {WAYS: changes}, context=context)
    except ErpSaidNo as no:
        raise Refused(
            f"The ERP said no: {masked(no.text)}",
            cause=_("The ERP refused the contact data: %(text)s") % {"text": no.text[:200]},
            code="contact_refused",
            evidence={"erp_said": masked(no.text)},
        ) from None
    return erp.clock or datetime.now(UTC)


def _writes(rows: list[Row], changes: Mapping[str, str], was: Mapping[str, str]) -> list[Any]:
    """What to do with the ways of contact of a party: those to be written, made, or taken out of use."""
    wanted: dict[str, Row] = {}
    stood = {PLACES[field]: value for field, value in was.items() if field in PLACES}
    for field, value in changes.items():
        kind, name = PLACES[field]
        wanted.setdefault(kind, {})[name] = value
    writes: list[Any] = []
    for kind, values in wanted.items():
        row = mapping.contact_row(rows, kind)
        if row is None:
            if values.get("value"):
                writes.append(["create", [{**NEW[kind], **values}]])
        elif values.get("value") == "":
            # A try before may have taken it away, and the next one stands there now.
            if (row["value"] or "") == stood.get((kind, "value"), row["value"] or ""):
                writes.append(["write", [row["id"]], {"active": False}])
        elif any((row[name] or "") != value for name, value in values.items()):
            writes.append(["write", [row["id"]], values])
    return writes


# Which way of contact each of our fields is, and which field of it.
PLACES = {
    "phone": ("phone", "value"),
    "email": ("email", "value"),
    "invoice_email": ("invoices", "value"),
    "invoice_contact": ("invoices", "name"),
}
NEW: dict[str, Row] = {
    "phone": {"type": "phone"},
    "email": {"type": "email"},
    "invoices": {"type": "email", "invoice": True},
}
