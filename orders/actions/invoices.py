"""Invoices, credit notes and payments as the ERP tells them: documents of their own, linked both ways."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from core import outbox, ownership
from core.actor import Actor, action
from orders.actions.moves import lock_order, record
from orders.actions.reserve import give_back_credited
from orders.actions.standing import close_if_complete, set_standing
from orders.models import Invoice, InvoiceLine, Order, Orderer, OrderLine, Payment
from orders.records import InvoiceRecord
from orders.rules.facts import ParentMissing
from orders.rules.standing import is_older
from orders.states import InvoiceKind, Outcome

COLUMNS = (
    "kind",
    "number",
    "currency",
    "net_amount",
    "tax_amount",
    "gross_amount",
    "open_amount",
    "status",
    "erp_status",
    "is_credited",
    "issued_on",
    "due_on",
)
LINE_COLUMNS = ("sku", "text", "quantity", "unit_code", "unit_price", "net_amount")


@action
def apply_invoice(news: InvoiceRecord, *, by: Actor) -> Outcome:
    """Take over an invoice or credit note with lines and payments; older news is dropped.

    What is open is the ERP's word and never computed here (failure bank 23). Records
    `invoice.issued` or `credit_note.issued` for a new one, `invoice.paid` or `invoice.partly_paid`
    when payments have come, each with the order as subject. What a credit note takes back is given back to the
    budgets (APR-08). Raises ParentMissing while the
    company, an order of ours, or the invoice that is credited is not known.
    """
    ownership.check(by, "orders.Invoice", ["open_amount", "status", "lines", "payments"])
    company = _company(news)
    credited = _credited(news)
    orders = _locked_orders(news, credited)
    invoice = Invoice.objects.select_for_update(of=("self",)).filter(erp_id=news.erp_id).first()
    if invoice is not None and is_older(news.version, invoice.version):
        return Outcome.OLDER
    values: dict[str, Any] = {name: getattr(news, name) for name in COLUMNS}
    values |= {"company_id": company.pk, "credits_id": credited.pk if credited else None}
    lines = _lines_of(news, orders)
    outcome = Outcome.NEW if invoice is None else Outcome.CHANGED
    if invoice is not None and _same(invoice, values, lines, orders, news):
        return Outcome.SAME

    invoice = _write(invoice, news, values)
    invoice.orders.set(orders)
    _write_orderers(invoice, orders)
    _write_lines(invoice, lines)
    paid = _write_payments(invoice, news)
    for order in orders:
        set_standing(order, by=by)
    if news.kind == InvoiceKind.CREDIT_NOTE:
        give_back_credited(orders, by=by)

    if outcome == Outcome.NEW:
        is_credit = news.kind == InvoiceKind.CREDIT_NOTE
        _tell("credit_note.issued" if is_credit else "invoice.issued", invoice, orders, {}, by)
    if paid and news.kind == InvoiceKind.INVOICE:
        name = "invoice.paid" if news.open_amount <= 0 else "invoice.partly_paid"
        _tell(name, invoice, orders, {"paid": str(sum(paid, Decimal(0)))}, by)
    for order in orders:
        close_if_complete(order, by=by)
    return outcome


def _company(news: InvoiceRecord) -> Company:
    company = Company.objects.filter(number=news.company_number).first()
    if company is None:
        raise ParentMissing(
            _("There is no customer %(number)s here.") % {"number": news.company_number},
            company=news.company_number,
        )
    return company


def _credited(news: InvoiceRecord) -> Invoice | None:
    if not news.credits_erp_id:
        return None
    found = Invoice.objects.filter(erp_id=news.credits_erp_id).first()
    if found is None:
        raise ParentMissing(
            _("The invoice that %(number)s credits has not come yet.") % {"number": news.number},
            invoice=news.credits_erp_id,
        )
    return found


def _locked_orders(news: InvoiceRecord, credited: Invoice | None) -> list[Order]:
    """The orders of ours that the document is for, locked in key order.

    A credit note that names none is for the orders of the invoice that it credits.
    """
    known = dict(Order.objects.filter(number__in=news.order_numbers).values_list("number", "pk"))
    missing = sorted(set(news.order_numbers) - known.keys())
    if missing:
        raise ParentMissing(
            _("There is no order %(number)s here.") % {"number": ", ".join(missing)}, order=missing[0]
        )
    if not known and credited is not None:
        known = dict(credited.orders.values_list("number", "pk"))
    return [lock_order(number) for number, _pk in sorted(known.items(), key=lambda item: item[1])]


def _lines_of(news: InvoiceRecord, orders: list[Order]) -> list[dict[str, Any]]:
    known: dict[tuple[str | None, int | None], int] = {
        (number, position): pk
        for number, position, pk in OrderLine.objects.filter(order__in=orders).values_list(
            "order__number", "position", "pk"
        )
    }
    return [
        {
            "position": line.position,
            "order_line_id": known.get((line.order_number, line.order_line_position)),
            **{name: getattr(line, name) for name in LINE_COLUMNS},
        }
        for line in news.lines
    ]


def _same(
    invoice: Invoice,
    values: dict[str, Any],
    lines: list[dict[str, Any]],
    orders: list[Order],
    news: InvoiceRecord,
) -> bool:
    stored_lines = list(invoice.lines.values("position", "order_line_id", *LINE_COLUMNS))
    stored_payments = set(invoice.payments.values_list("erp_id", "amount", "paid_on"))
    return (
        all(getattr(invoice, name) == value for name, value in values.items())
        and stored_lines == sorted(lines, key=lambda line: line["position"])
        and stored_payments == {(item.erp_id, item.amount, item.paid_on) for item in news.payments}
        and set(invoice.orders.values_list("pk", flat=True)) == {order.pk for order in orders}
    )


def _write(invoice: Invoice | None, news: InvoiceRecord, values: dict[str, Any]) -> Invoice:
    invoice = invoice or Invoice(erp_id=news.erp_id)
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.version = news.version
    invoice.as_of = news.as_of
    invoice.save()
    return invoice


def _write_lines(invoice: Invoice, lines: list[dict[str, Any]]) -> None:
    if list(invoice.lines.values("position", "order_line_id", *LINE_COLUMNS)) == lines:
        return
    invoice.lines.all().delete()
    InvoiceLine.objects.bulk_create(InvoiceLine(invoice=invoice, **line) for line in lines)


def _write_orderers(invoice: Invoice, orders: list[Order]) -> None:
    """Say which companies ordered what another one is billed for."""
    wanted = {order.company_id for order in orders}
    if wanted <= {invoice.company_id}:
        wanted = set()
    invoice.orderers.exclude(
        company__in=wanted, billed_to=invoice.company_id, issued_on=invoice.issued_on
    ).delete()
    known = set(invoice.orderers.values_list("company_id", flat=True))
    Orderer.objects.bulk_create(
        Orderer(invoice=invoice, company_id=pk, billed_to_id=invoice.company_id, issued_on=invoice.issued_on)
        for pk in sorted(wanted - known)
    )


@action
def drop_double_orderers(old: Company, *, by: Actor) -> None:
    """Forget a company that became another one, where its invoices name the other one, too (ACC-13).

    Its orders are the other one's by now: as a company of its own it would hide them from that one.
    """
    Orderer.objects.filter(company=old).delete()


def _write_payments(invoice: Invoice, news: InvoiceRecord) -> list[Decimal]:
    """Set the payments of an invoice; answer the amounts that were not known before."""
    known = set(invoice.payments.values_list("erp_id", flat=True))
    invoice.payments.exclude(erp_id__in=[item.erp_id for item in news.payments]).delete()
    for item in news.payments:
        Payment.objects.update_or_create(
            erp_id=item.erp_id,
            defaults={"invoice": invoice, "amount": item.amount, "paid_on": item.paid_on},
        )
    return [item.amount for item in news.payments if item.erp_id not in known]


def _tell(name: str, invoice: Invoice, orders: list[Order], details: dict[str, Any], by: Actor) -> None:
    """Record an event of an invoice on each of its orders, or on itself when it has none."""
    told = {
        "invoice": invoice.number,
        "kind": invoice.kind,
        "credits": invoice.credits.number if invoice.credits else "",
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat() if invoice.due_on else None,
        "invoice_net_amount": str(invoice.net_amount),
        "invoice_gross_amount": str(invoice.gross_amount),
        "open_amount": str(invoice.open_amount),
        "currency": invoice.currency,
        **details,
    }
    for order in orders:
        record(name, order, told, by=by, occurred_at=invoice.as_of)
    if not orders:
        company = invoice.company
        payload = {"company": company.number, "company_name": company.name, **told}
        outbox.record(
            name,
            subject=f"invoice:{invoice.number}",
            payload=payload,
            by=by,
            company=company.number,
            occurred_at=invoice.as_of,
        )
