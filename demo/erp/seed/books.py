"""The company, its chart of accounts, tax, fiscal years and terms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from demo.company.customers import OWN_NAME, OWN_PLACE, OWN_VAT, TERMS
from demo.erp.lookups import ZONE, one, today, xml_record

VAT = Decimal("0.20")


def company(config):
    """Create countries, currency and the company, and work in it from here on."""
    from proteus import Model, Wizard

    countries = {}
    for code, name in (("AT", "Austria"), ("DE", "Germany")):
        countries[code] = Model.get("country.country")(name=name, code=code)
        countries[code].save()
    euro = Model.get("currency.currency")(
        name="Euro", symbol="€", code="EUR", rounding=Decimal("0.01"), digits=2
    )
    euro.rates.new(date=dt.date(2000, 1, 1), rate=Decimal("1.0"))
    euro.save()
    party = Model.get("party.party")(name=OWN_NAME, code="OWN")
    address = party.addresses[0] if party.addresses else party.addresses.new()
    address.street_unstructured, address.postal_code = OWN_PLACE.street, OWN_PLACE.postal_code
    address.city, address.country = OWN_PLACE.city, countries["AT"]
    party.identifiers.new(type="eu_vat", code=OWN_VAT)
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party = party
    wizard.form.currency = euro
    wizard.form.timezone = ZONE
    wizard.execute("add")
    config._context = Model.get("res.user").get_preferences(True, {})
    return one("company.company")


def accounts(company) -> dict:
    """Create the chart, 20 % VAT, three fiscal years and a bank payment method."""
    from proteus import Model, Wizard

    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template = xml_record(
        "account.account.template", "account", "account_template_root_en"
    )
    wizard.form.company = company
    wizard.execute("create_account")

    Account = Model.get("account.account")
    found = {
        kind: Account.find([(f"type.{kind}", "=", True), ("closed", "!=", True)], limit=1)[0]
        for kind in ("receivable", "payable", "revenue", "expense")
    }
    found["bank"] = one("account.account", ("code", "=", "1.1.1"))
    found["tax"] = one("account.account", ("code", "=", "6.3.6"))
    wizard.form.account_receivable = found["receivable"]
    wizard.form.account_payable = found["payable"]
    wizard.form.category_account_revenue = found["revenue"]
    wizard.form.category_account_expense = found["expense"]
    wizard.execute("create_properties")

    tax = Model.get("account.tax")(
        name=f"VAT {VAT:.0%}",
        description=f"VAT {VAT:.0%}",
        type="percentage",
        rate=VAT,
        invoice_account=found["tax"],
        credit_note_account=found["tax"],
    )
    tax.save()
    found["vat"] = tax

    this_year = today().year
    for year in range(this_year - 1, this_year + 2):
        fiscal_year(company, year)
    Model.get("account.invoice.payment.method")(
        name="Bank transfer",
        journal=one("account.journal", ("type", "=", "cash")),
        credit_account=found["bank"],
        debit_account=found["bank"],
    ).save()
    return found


def fiscal_year(company, year: int) -> None:
    """Open a year with its own sequences: invoices are numbered 2026-00001, without gaps."""
    from proteus import Model

    sequences = {}
    for name in ("Account Move", "Invoice"):
        sequences[name] = Model.get("ir.sequence.strict")(
            name=f"{name} {year}",
            company=company,
            sequence_type=one("ir.sequence.type", ("name", "=", name)),
        )
        if name == "Invoice":
            sequences[name].prefix = f"{year}-"
            sequences[name].padding = 5
        sequences[name].save()
    record = Model.get("account.fiscalyear")(
        name=str(year),
        company=company,
        move_sequence=sequences["Account Move"],
        start_date=dt.date(year, 1, 1),
        end_date=dt.date(year, 12, 31),
    )
    (invoice_sequence,) = record.invoice_sequences
    for kind in ("out_invoice", "in_invoice", "out_credit_note", "in_credit_note"):
        setattr(invoice_sequence, f"{kind}_sequence", sequences["Invoice"])
    record.save()
    record.click("create_period")


def payment_terms() -> dict:
    """Create the payment terms: all of it, so many days after the invoice."""
    from proteus import Model

    terms = {}
    for name, days in TERMS.items():
        term = Model.get("account.invoice.payment_term")(name=name)
        line = term.lines.new(type="remainder")
        if days:
            line.relativedeltas.new(days=days)
        term.save()
        terms[name] = term
    return terms


def sales_settings() -> None:
    """Invoice what was delivered; deliver what was ordered; number sales SO-000001."""
    from proteus import Model

    configuration = Model.get("sale.configuration")(1)
    configuration.sale_invoice_method = "fulfillment"
    configuration.sale_shipment_method = "order"
    configuration.save()
    sequence = configuration.sale_sequence
    sequence.prefix, sequence.padding = "SO-", 6
    sequence.save()
