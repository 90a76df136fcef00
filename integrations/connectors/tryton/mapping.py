"""Tryton's rows as our records: explicit, one function per record. What it does not know is refused.

Version 1, for Tryton 8.2 with or without the module b2b_portal.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from accounts.records import (
    AddressRecord,
    ApprovalWordRecord,
    CreditRecord,
    CustomerRecord,
    LicenceRecord,
    PaymentTermRecord,
)
from catalog.records import ProductRecord, StockRecord, UnitRecord, WarehouseRecord
from core.errors import InvalidValue
from integrations.words import said
from pricing.records import CostRecord, TaxRateRecord

VERSION = 1
Row = dict[str, Any]

# Symbols of a stock Tryton; products of the module b2b_portal carry their codes.
UNIT_CODES = {"u": "C62", "kg": "KGM", "m": "MTR", "l": "LTR"}
# The category of parties whose orders are to be approved; the types of the numbers of an address.
APPROVAL = "Requires approval"
SHIP_TO, BILL_TO = "shipto", "billto"
# More base units than this in one, or a ratio with a larger denominator, is no packaging.
LARGEST_DENOMINATOR = 1000


def payment_term(row: Row) -> PaymentTermRecord:
    """A term by its name, which is all the key that Tryton has; months count 30 days."""
    deltas = [delta for line in row["lines."] for delta in line["relativedeltas."]]
    days = sum((d["days"] or 0) + 7 * (d["weeks"] or 0) + 30 * (d["months"] or 0) for d in deltas)
    return PaymentTermRecord(code=row["name"], name=row["name"], net_days=days, erp_id=str(row["id"]))


def customer(row: Row, *, parent: str | None, currency: str, as_of: datetime) -> CustomerRecord:
    """A party with its addresses. parent: number of the party that it is a branch of."""
    return CustomerRecord(
        number=row["code"] or "",
        name=row["name"] or "",
        parent_number=parent,
        status="active" if row["active"] else "closed",
        currency=currency,
        tax_id=(row["tax_identifier."] or {}).get("code") or "",
        **contacts(row["contact_mechanisms."]),
        needs_approval=needs_approval(row),
        payment_term_code=(row["customer_payment_term."] or {}).get("name"),
        erp_id=str(row["id"]),
        as_of=as_of,
        addresses=tuple(address(place) for place in row["addresses."] if place["active"]),
    )


def contacts(rows: list[Row]) -> dict[str, str]:
    """The contact data of a party, see `accounts.proposals.CONTACT_FIELDS`."""
    phone, email, invoices = (contact_row(rows, kind) for kind in ("phone", "email", "invoices"))
    return {
        "phone": phone["value"] if phone else "",
        "email": email["value"] if email else "",
        "invoice_contact": (invoices["name"] or "") if invoices else "",
        "invoice_email": invoices["value"] if invoices else "",
    }


def contact_row(rows: list[Row], kind: str) -> Row | None:
    """Which of a party's ways of contact counts, the first: kind phone or email in general, invoices by e-mail."""
    wanted = "phone" if kind == "phone" else "email"
    for row in rows:
        if row["active"] and row["type"] == wanted and bool(row["invoice"]) == (kind == "invoices"):
            return row
    return None


def needs_approval(row: Row) -> bool:
    """Whether a party's orders are to be approved, by its category."""
    return any(category["name"] == APPROVAL for category in row["categories."])


def approval_word(row: Row, *, as_of: datetime) -> ApprovalWordRecord:
    """What a party's categories say of approvals."""
    return ApprovalWordRecord(company_number=row["code"], needs_approval=needs_approval(row), as_of=as_of)


def address(row: Row) -> AddressRecord:
    """An address of a party, with the numbers that the ERP has our module for."""
    codes = {item["type"]: item["code"] for item in reversed(row["identifiers."]) if item["active"]}
    return AddressRecord(
        erp_id=str(row["id"]),
        **place(row),
        ship_to_code=codes.get(SHIP_TO) or "",
        bill_to_code=codes.get(BILL_TO) or "",
    )


def place(row: Row) -> dict[str, Any]:
    """What of an address customers may propose, see `accounts.proposals.FIELDS`."""
    return {
        "name": row["party_name"] or "",
        "street": row["street"] or "",
        "postal_code": row["postal_code"] or "",
        "city": row["city"] or "",
        "country": (row["country."] or {}).get("code") or "",
        "is_ship_to": bool(row["delivery"]),
        "is_bill_to": bool(row["invoice"]),
    }


def licence(row: Row, *, as_of: datetime) -> LicenceRecord:
    """A licence of a party. Tryton names its last day, we the first one without it."""
    last = row["valid_to"]
    return LicenceRecord(
        company_number=(row["party."] or {}).get("code") or "",
        kind_code=said("licences", row["kind"]) or row["kind"],
        number=row["number"],
        valid_from=row["valid_from"],
        valid_until=last + timedelta(days=1) if last else None,
        is_withdrawn=bool(row["withdrawn"]),
        as_of=as_of,
    )


def credit(row: Row, *, currency: str, as_of: datetime) -> CreditRecord:
    """Limit and use: receivables with tax, and confirmed orders not yet invoiced."""
    return CreditRecord(
        company_number=row["code"],
        currency=currency,
        limit_amount=row["credit_limit_amount"],
        used_amount=row["credit_amount"] or Decimal(0),
        as_of=as_of,
    )


def tax_rate(row: Row, *, as_of: datetime) -> TaxRateRecord:
    """A percentage tax by its name."""
    return TaxRateRecord(
        code=row["name"], name=row["name"], percent=row["rate"] * 100, erp_id=str(row["id"]), as_of=as_of
    )


def warehouse(row: Row) -> WarehouseRecord:
    """A warehouse; one without a code cannot be named in an order."""
    return WarehouseRecord(code=row["code"] or "", name=row["name"] or "", erp_id=str(row["id"]))


def product(row: Row, *, taxes: dict[int, str], as_of: datetime) -> ProductRecord:
    """A product variant with its units. taxes: {id of a tax: its code}."""
    template = row["template."]
    is_active = bool(row["active"]) and bool(template["active"])
    units = _units(row, template)
    base = template["default_uom."]["symbol"]
    return ProductRecord(
        sku=row["code"] or "",
        erp_id=str(row["id"]),
        erp_name=row["name"] or "",
        status="retired" if not is_active else "active" if template["salable"] else "blocked",
        base_unit=next((unit.code for unit in units if unit.key == base), None) or _code(base),
        min_quantity=template.get("min_sale_quantity") or Decimal(1),
        step_quantity=template.get("sale_quantity_step") or Decimal(1),
        tax_code=_tax_code(template, taxes),
        units=units,
        as_of=as_of,
    )


def _units(row: Row, template: Row) -> tuple[UnitRecord, ...]:
    default = (template.get("sale_uom.") or template["default_uom."])["symbol"]
    listed = template.get("sale_units.")
    if listed:
        return tuple(_listed_unit(unit, default) for unit in listed)
    kinds = {unit["symbol"]: unit for unit in (template["default_uom."], template.get("sale_uom.")) if unit}
    base = Fraction(str(template["default_uom."]["factor"]))
    return tuple(
        _unit(symbol, _code(symbol), Fraction(str(unit["factor"])) / base, unit["id"], default)
        for symbol, unit in kinds.items()
    )


def _listed_unit(row: Row, default: str) -> UnitRecord:
    symbol = row["uom."]["symbol"]
    return _unit(symbol, row["code"] or "", Fraction(row["base_quantity"]), row["uom."]["id"], default)


def _unit(key: str, code: str, ratio: Fraction, uom: int, default: str) -> UnitRecord:
    if ratio <= 0 or ratio.denominator > LARGEST_DENOMINATOR:
        raise InvalidValue(
            _("Unit %(unit)s holds %(ratio)s base units: that is no exact packaging.")
            % {"unit": key, "ratio": f"{float(ratio):g}"},
            field="units",
        )
    return UnitRecord(
        key=key,
        code=code,
        numerator=ratio.numerator,
        denominator=ratio.denominator,
        is_default=key == default,
        erp_id=str(uom),
    )


def _code(symbol: str) -> str:
    try:
        return said("units", symbol) or UNIT_CODES[symbol]
    except KeyError:
        raise InvalidValue(
            _("The ERP's unit “%(unit)s” has no UN/ECE code: give it one there, or map it.")
            % {"unit": symbol},
            field="units",
        ) from None


def _tax_code(template: Row, taxes: dict[int, str]) -> str:
    ids = (template["account_category."] or {}).get("customer_taxes_used") or []
    if len(ids) > 1:
        raise InvalidValue(_("The ERP charges more than one tax on it."), field="tax_code")
    if ids and ids[0] not in taxes:
        raise InvalidValue(_("Its tax is not a percentage."), field="tax_code")
    if not ids:
        return ""
    return said("tax_codes", taxes[ids[0]]) or taxes[ids[0]]


def stock(row: Row, *, warehouse: str, as_of: datetime) -> StockRecord:
    """What lies in a warehouse, in the base unit; picked goods have left it."""
    return StockRecord(sku=row["code"], warehouse_code=warehouse, on_hand=row["quantity"], as_of=as_of)


def cost(row: Row, *, currency: str, as_of: datetime) -> CostRecord:
    """The cost price, per base unit."""
    return CostRecord(sku=row["code"], cost_price=row["cost_price"], currency=currency, as_of=as_of)
