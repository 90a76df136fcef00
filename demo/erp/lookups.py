"""Records found by the names people use, and short summaries of them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from demo.erp.databases import ScenarioError

ZONE = "Europe/Vienna"


def today() -> dt.date:
    """Return the day by the company's clock, as Tryton itself reckons it."""
    return dt.datetime.now(ZoneInfo(ZONE)).date()


def one(model: str, *domain):
    """Return the one record of a model that matches; raises ScenarioError for none or several."""
    from proteus import Model

    records = Model.get(model).find(list(domain), limit=2)
    if len(records) != 1:
        wanted = ", ".join(str(clause[-1][-1] if clause[0] == "OR" else clause[-1]) for clause in domain)
        raise ScenarioError(f"There is {'no' if not records else 'more than one'} {model} for {wanted}.")
    return records[0]


def xml_record(model: str, module: str, name: str):
    """Return a record that a module brought along, by its name there."""
    from proteus import Model
    from proteus.config import get_config

    id_ = Model.get("ir.model.data").get_id(module, name, get_config().context)
    return Model.get(model)(id_)


def party_of(code: str):
    """Return a customer by its number."""
    return one("party.party", ("code", "=", code))


def product_of(code: str):
    """Return a product by its item number."""
    return one("product.product", ("code", "=", code))


def warehouse_of(code: str):
    """Return a warehouse by its code."""
    return one("stock.location", ("code", "=", code), ("type", "=", "warehouse"))


def price_list_of(name: str):
    """Return a price list by its name."""
    return one("product.price_list", ("name", "=", name))


def sale_of(number: str):
    """Return a sale by the ERP's number, the customer's reference or the portal's key."""
    by_any = ["OR", ("number", "=", number), ("reference", "=", number), ("portal_key", "=", number)]
    return one("sale.sale", by_any)


def invoice_of(number: str | None = None, sale: str | None = None, state: str | None = None):
    """Return an invoice by its number, or the oldest one of a sale in a state."""
    if number:
        return one("account.invoice", ("number", "=", number), ("type", "=", "out"))
    if not sale:
        raise ScenarioError("Name the invoice (--invoice) or the sale (--sale).")
    invoices = [i for i in sale_of(sale).invoices if state is None or i.state == state]
    if not invoices:
        raise ScenarioError(f"Sale {sale} has no invoice in state {state}.")
    return min(invoices, key=lambda invoice: invoice.id)


def sale_summary(sale) -> dict:
    """Number, states and total of a sale."""
    return {
        "id": sale.id,
        "number": sale.number,
        "reference": sale.reference,
        "description": sale.description,
        "portal_key": sale.portal_key,
        "state": sale.state,
        "shipment_state": sale.shipment_state,
        "invoice_state": sale.invoice_state,
        "untaxed": str(sale.untaxed_amount),
        "tax": str(sale.tax_amount),
        "total": str(sale.total_amount),
    }


def invoice_summary(invoice) -> dict:
    """Number, state and amounts of an invoice."""
    return {
        "id": invoice.id,
        "number": invoice.number,
        "state": invoice.state,
        "party": invoice.party.code,
        "untaxed": str(invoice.untaxed_amount),
        "tax": str(invoice.tax_amount),
        "total": str(invoice.total_amount),
        "to_pay": str(invoice.amount_to_pay),
    }


def credit_summary(party) -> dict:
    """What a customer owes and may owe."""
    limit = party.credit_limit_amount
    return {
        "customer": party.code,
        "credit_amount": str(party.credit_amount),
        "credit_limit": None if limit is None else str(limit),
    }
