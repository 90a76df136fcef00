"""A customer that was admitted here, made in Tryton once: its code there is the number that it has here.

Tryton lets a code be given once, so that a second try, also one at the same time, finds what the first has left. The relation
to the parent is a row of its own there and is looked for before it is made.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.duplicates import plain_name, plain_tax_id
from accounts.records import CompanyAdmitted
from accounts.tax_ids import EU
from integrations.connectors.tryton.company import Ground, ground_of
from integrations.connectors.tryton.masters import BRANCH
from integrations.connectors.tryton.transport import ErpSaidNo, Tryton, connection
from integrations.failures import Broken, Refused, Transient
from integrations.masking import masked

Row = dict[str, Any]
PARTY = "model.party.party"
FIELDS = ["code", "name", "active", "identifiers.code"]


@dataclass(frozen=True)
class Made:
    """A customer as the ERP has it. at: by the ERP's clock."""

    number: str
    erp_id: str
    at: datetime


def write_customer(wish: CompanyAdmitted, erp: Tryton | None = None) -> Made:
    """Make a customer in the ERP, or find the one that an earlier try has made. Harmless when it is called again.

    Raises Refused when another customer has the number there, a reference is unknown or the ERP says no, Transient
    while the parent is not there yet.
    """
    erp = erp or connection()
    ground = ground_of(erp)
    try:
        parent = _party(erp, ground, wish.parent_number) if wish.parent_number else None
        if not wish.parent_number and not wish.payment_term_code:
            raise Refused(
                "No payment term is known.",
                cause=_("No payment term is known here: without one the ERP's customers are not read."),
                code="reference_unknown",
            )
        if wish.parent_number and parent is None:
            raise Transient("The customer that it is a branch of is not in the ERP yet.")
        row = _party(erp, ground, wish.company_number) or _create(erp, ground, wish)
        _check_same(row, wish)
        _relate(erp, ground, row, parent)
        _limit_again(erp, ground, row, wish)
    except ErpSaidNo as no:
        raise Refused(
            f"The ERP said no: {masked(no.text)}",
            cause=_("The ERP refused the customer: %(text)s") % {"text": no.text[:200]},
            code="customer_refused",
            evidence={"erp_said": masked(no.text)},
        ) from None
    return Made(row["code"], str(row["id"]), erp.clock or datetime.now(UTC))


def _party(erp: Tryton, ground: Ground, number: str) -> Row | None:
    rows = erp.call(
        f"{PARTY}.search_read",
        [["code", "=", number]],
        0,
        1,
        None,
        FIELDS,
        context={**ground.context, "active_test": False},
    )
    return rows[0] if rows else None


def _create(erp: Tryton, ground: Ground, wish: CompanyAdmitted) -> Row:
    values = _values(erp, ground, wish)
    try:
        erp.write(f"{PARTY}.create", [values], context=ground.context)
    except ErpSaidNo:
        # Another try of ours may have been quicker: then the unique code said no.
        row = _party(erp, ground, wish.company_number)
        if row is None:
            raise
        return row
    row = _party(erp, ground, wish.company_number)
    if row is None:
        raise Broken("The ERP does not find the customer that it has just created.")
    return row


def _check_same(row: Row, wish: CompanyAdmitted) -> None:
    """A number that is somebody else's there is a matter for a person."""
    codes = {plain_tax_id(item["code"] or "") for item in row["identifiers."]}
    if wish.tax_id in codes or plain_name(row["name"] or "") == plain_name(wish.name):
        return
    raise Refused(
        "The number is another customer's.",
        cause=_("In the ERP %(number)s is another customer, %(name)s: give that one another code there.")
        % {"number": wish.company_number, "name": row["name"]},
        code="number_taken",
        evidence={"number": wish.company_number, "erp_id": str(row["id"])},
    )


def _values(erp: Tryton, ground: Ground, wish: CompanyAdmitted) -> Row:
    contacts = [{"type": "email", "value": wish.email}]
    if wish.phone:
        contacts.append({"type": "phone", "value": wish.phone})
    place = {
        "street_unstructured": wish.street,
        "postal_code": wish.postal_code,
        "city": wish.city,
        "country": _country(erp, ground, wish.country),
        "delivery": True,
        "invoice": True,
    }
    return {
        "code": wish.company_number,
        "name": wish.name,
        "customer_payment_term": ground.term_id(wish.payment_term_code),
        **_limit(wish),
        "identifiers": [["create", [{"type": _kind(erp, ground, wish.country), "code": wish.tax_id}]]],
        "contact_mechanisms": [["create", contacts]],
        "addresses": [["create", [place]]],
    }


def _limit(wish: CompanyAdmitted) -> Row:
    """The first limit; without one the ERP's own default stands there."""
    return {} if wish.credit_limit_amount is None else {"credit_limit_amount": wish.credit_limit_amount}


def _kind(erp: Tryton, ground: Ground, country: str) -> str | None:
    """The kind of a tax id there; one that it does not know goes without."""
    if country in EU:
        return "eu_vat"
    kinds = erp.call("model.party.identifier.fields_get", ["type"], context=ground.context)["type"][
        "selection"
    ]
    known = [key for key, _label in kinds] if isinstance(kinds, list) else []
    return next((kind for kind in (f"{country.lower()}_vat",) if kind in known), None)


def _country(erp: Tryton, ground: Ground, code: str) -> int:
    rows = erp.call(
        "model.country.country.search_read",
        [["code", "=", code]],
        0,
        1,
        None,
        ["code"],
        context=ground.context,
    )
    if not rows:
        raise Refused(
            "The country is not found.",
            cause=_("The ERP has no country %(code)s.") % {"code": code},
            code="reference_unknown",
            evidence={"country": code},
        )
    return int(rows[0]["id"])


def _limit_again(erp: Tryton, ground: Ground, row: Row, wish: CompanyAdmitted) -> None:
    """The first limit as it is now, where an earlier try has made the customer with another one."""
    fields = ["credit_limit_amount"]
    (there,) = erp.call(f"{PARTY}.read", [row["id"]], fields, context=ground.context)
    if wish.credit_limit_amount is not None and there["credit_limit_amount"] != wish.credit_limit_amount:
        erp.write(f"{PARTY}.write", [row["id"]], _limit(wish), context=ground.context)


def _relate(erp: Tryton, ground: Ground, row: Row, parent: Row | None) -> None:
    """Hang a customer below another one, or below none, and nowhere else: until it is open here, that is ours to say."""
    domain = [["from_", "=", row["id"]], ["type.name", "=", BRANCH]]
    found = erp.call(
        "model.party.relation.all.search_read", domain, 0, None, None, ["to"], context=ground.context
    )
    elsewhere = [item["id"] for item in found if parent is None or item["to"] != parent["id"]]
    if elsewhere:
        erp.write("model.party.relation.all.delete", elsewhere, context=ground.context)
    if parent is None or len(elsewhere) < len(found):
        return
    kinds = erp.call(
        "model.party.relation.type.search_read",
        [["name", "=", BRANCH]],
        0,
        1,
        None,
        ["name"],
        context=ground.context,
    )
    if not kinds:
        raise Refused(
            "The relation is not found.",
            cause=_("The ERP has no relation “%(name)s” between customers.") % {"name": BRANCH},
            code="reference_unknown",
            evidence={"relation": BRANCH},
        )
    values = {"from_": row["id"], "to": parent["id"], "type": kinds[0]["id"]}
    erp.write("model.party.relation.all.create", [values], context=ground.context)
