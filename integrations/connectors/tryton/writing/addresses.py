"""An address that a customer proposes, written to its party in Tryton: changed by its id, or added once.

Tryton keeps no key of ours on an address: before one is added, the party's addresses are looked through for the same, so
that a second try finds what the first has left.
"""

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.records import AddressProposed
from integrations.connectors.tryton import mapping
from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton, connection
from integrations.failures import Refused
from integrations.masking import masked

Row = dict[str, Any]
FIELDS = ["party_name", "street", "postal_code", "city", "country.code", "delivery", "invoice", "party.code"]


def write_address(wish: AddressProposed, erp: Tryton | None = None) -> tuple[str, datetime]:
    """Bring an address to the ERP; its id there and the ERP's time. Harmless when it is called again.

    Raises Refused when the customer or the address is not known there or the ERP says no.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    found = _find(erp, ground, wish)
    try:
        if found is None:
            values = {**_values(erp, ground, wish), "party": _party(erp, ground, wish.company_number)}
            erp_id = str(erp.write("model.party.address.create", [values], context=ground.context)[0])
        else:
            erp_id = str(found["id"])
            if not _is_same(found, wish):
                values = _values(erp, ground, wish)
                erp.write("model.party.address.write", [found["id"]], values, context=ground.context)
    except ErpSaidNo as no:
        raise Refused(
            f"The ERP said no: {masked(no.text)}",
            cause=_("The ERP refused the address: %(text)s") % {"text": no.text[:200]},
            code="address_refused",
            evidence={"erp_said": masked(no.text)},
        ) from None
    return erp_id, erp.clock or datetime.now(UTC)


def _find(erp: Tryton, ground: Ground, wish: AddressProposed) -> Row | None:
    """The address to be changed; of a further one the one that an earlier try has added, if any."""
    domain: list[Any] = [["party.code", "=", wish.company_number]]
    if wish.erp_id:
        domain.append(["id", "=", int(wish.erp_id)])
    rows: list[Row] = erp.call(
        "model.party.address.search_read", domain, 0, None, None, FIELDS, context=ground.context
    )
    if not wish.erp_id:
        return next((row for row in rows if _is_same(row, wish)), None)
    if not rows:
        raise Refused(
            "The address is not found.",
            cause=_("The ERP has no such address of customer %(number)s.") % {"number": wish.company_number},
            code="address_unknown",
            evidence={"address": wish.erp_id},
        )
    return rows[0]


def _is_same(row: Row, wish: AddressProposed) -> bool:
    return all(getattr(wish, name) == value for name, value in mapping.place(row).items())


def _values(erp: Tryton, ground: Ground, wish: AddressProposed) -> Row:
    countries = erp.call(
        "model.country.country.search_read",
        [["code", "=", wish.country]],
        0,
        1,
        None,
        ["code"],
        context=ground.context,
    )
    if not countries:
        raise Refused(
            "The country is not found.",
            cause=_("The ERP has no country %(code)s.") % {"code": wish.country},
            code="reference_unknown",
            evidence={"country": wish.country},
        )
    return {
        "party_name": wish.name or None,
        "street_unstructured": wish.street,
        "postal_code": wish.postal_code,
        "city": wish.city,
        "country": countries[0]["id"],
        "delivery": wish.is_ship_to,
        "invoice": wish.is_bill_to,
    }


def _party(erp: Tryton, ground: Ground, number: str) -> int:
    rows = erp.call(
        "model.party.party.search_read",
        [["code", "=", number]],
        0,
        1,
        None,
        ["code"],
        context=ground.context,
    )
    if not rows:
        raise Refused(
            "The customer is not found.",
            cause=_("The ERP has no active customer %(number)s.") % {"number": number},
            code="customer_unknown",
            evidence={"customer": number},
        )
    return int(rows[0]["id"])
