"""Invoices, payments, credit notes, and a customer pushed over the limit."""

from __future__ import annotations

from decimal import Decimal

from demo.erp.databases import ScenarioError
from demo.erp.lookups import credit_summary, invoice_of, invoice_summary, one, party_of, today


def post_invoice(sale: str | None = None, invoice_id: int | None = None) -> dict:
    """Post the oldest draft invoice of a sale (or a draft by its id)."""
    from proteus import Model

    invoice = Model.get("account.invoice")(invoice_id) if invoice_id else invoice_of(sale=sale, state="draft")
    invoice.invoice_date = today()
    invoice.click("post")
    return invoice_summary(invoice)


def pay(invoice: str | None = None, sale: str | None = None, amount: str | float | None = None) -> dict:
    """Register a bank transfer for a posted invoice, whole or partial."""
    from proteus import Wizard

    record = invoice_of(invoice, sale, "posted")
    wizard = Wizard("account.invoice.pay", [record])
    wizard.form.payment_method = one("account.invoice.payment.method", ("name", "=", "Bank transfer"))
    if amount is not None:
        wizard.form.amount = Decimal(str(amount))
    wizard.execute("choice")
    if "pay" in wizard.states:  # not the whole amount: Tryton asks what to do
        wizard.form.type = "partial"
        wizard.execute("pay")
    record.reload()
    return invoice_summary(record)


def credit_note(
    invoice: str | None = None, sale: str | None = None, lines: dict[str, float] | None = None
) -> dict:
    """Credit a posted invoice and post the credit note.

    Without lines the whole invoice is credited and reconciled (it becomes 'cancelled');
    with lines={item number: quantity} only these goods are.
    """
    from proteus import Model, Wizard

    record = invoice_of(invoice, sale, "posted")
    if lines and (unknown := set(lines) - {line.product.code for line in record.lines if line.product}):
        raise ScenarioError(f"Not on invoice {record.number}: {', '.join(sorted(unknown))}.")
    newest = Model.get("account.invoice").find([], order=[("id", "DESC")], limit=1)[0].id
    wizard = Wizard("account.invoice.credit", [record])
    wizard.form.with_refund = not lines
    wizard.execute("credit")
    note = one("account.invoice", ("id", ">", newest), ("type", "=", "out"))
    if lines:
        for line in list(note.lines):
            quantity = lines.get(line.product.code) if line.product else None
            if quantity:
                line.quantity = -float(quantity)
            else:
                note.lines.remove(line)
        note.save()
        note.click("post")
    note.reload()
    record.reload()
    return {"credit_note": invoice_summary(note), "invoice": invoice_summary(record)}


def over_credit(customer: str, by: str | float = 100) -> dict:
    """Post an invoice that puts a customer `by` euros over the credit limit."""
    from proteus import Model

    record = party_of(customer)
    if record.credit_limit_amount is None:
        raise ScenarioError(f"{customer} has no credit limit.")
    missing = record.credit_limit_amount + Decimal(str(by)) - record.credit_amount
    if missing > 0:
        invoice = Model.get("account.invoice")(type="out", party=record)
        invoice.payment_term = one("account.invoice.payment_term", ("name", "=", "net30"))
        line = invoice.lines.new(description="Opening balance", quantity=1)
        line.account = Model.get("account.account").find(
            [("type.revenue", "=", True), ("closed", "!=", True)], limit=1
        )[0]
        line.unit_price = missing
        while line.taxes:
            line.taxes.pop()
        invoice.click("post")
        record.reload()
    return credit_summary(record)
