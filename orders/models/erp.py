"""What the ERP tells of an order: shipments, invoices, credit notes, payments. It owns them all."""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from catalog.models import Warehouse
from core.history import history
from orders.models.order import Order, OrderLine
from orders.states import InvoiceKind, PaymentStatus, ShipmentStatus


class Shipment(models.Model):
    """A delivery, planned or on its way. version: the source's stamp; older news is dropped."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    number = models.CharField(_("number"), max_length=60)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=ShipmentStatus)
    erp_status = models.CharField(max_length=60, blank=True)
    warehouse = models.ForeignKey(Warehouse, null=True, on_delete=models.PROTECT, related_name="+")
    planned_on = models.DateField(_("planned"), null=True)
    shipped_on = models.DateField(_("shipped"), null=True)
    shipped_at = models.DateTimeField(null=True)
    tracking_number = models.CharField(_("tracking"), max_length=100, blank=True)
    carrier = models.CharField(_("carrier"), max_length=100, blank=True)
    version = models.CharField(max_length=60)
    as_of = models.DateTimeField(_("as of"))

    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["order_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ShipmentStatus.values), name="shipment_status_known"
            )
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    """How much of an order line a shipment holds, in the line's unit."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipments")
    quantity = models.DecimalField(max_digits=18, decimal_places=6)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipment", "order_line"], name="shipment_line_once")]

    def __str__(self) -> str:
        return f"{self.shipment}: {self.quantity}"


class Invoice(models.Model):
    """An invoice or credit note of the ERP, as issued. Credit notes have negative amounts.

    open_amount is the ERP's word as of `as_of`. credits: the invoice a credit note belongs to.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    kind = models.CharField(_("kind"), max_length=12, choices=InvoiceKind)
    number = models.CharField(_("number"), max_length=60, unique=True)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, unique=True)
    erp_status = models.CharField(max_length=60, blank=True)
    orders = models.ManyToManyField(Order, related_name="invoices")
    credits = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="credit_notes"
    )
    currency = models.CharField(max_length=3)
    net_amount = models.DecimalField(_("net"), max_digits=18, decimal_places=4)
    tax_amount = models.DecimalField(_("VAT"), max_digits=18, decimal_places=4)
    gross_amount = models.DecimalField(_("with VAT"), max_digits=18, decimal_places=4)
    open_amount = models.DecimalField(_("open"), max_digits=18, decimal_places=4)
    status = models.CharField(_("payment"), max_length=10, choices=PaymentStatus)
    is_credited = models.BooleanField(_("credited in full"), default=False)
    issued_on = models.DateField(_("date"))
    due_on = models.DateField(_("due"), null=True, blank=True)
    version = models.CharField(max_length=60)
    as_of = models.DateTimeField(_("as of"))

    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-issued_on", "-id"]
        indexes = [
            models.Index(
                fields=["company", "-issued_on", "-id"], include=["kind"], name="invoice_of_company"
            ),
            models.Index(
                fields=["company", "-issued_on", "-id"],
                include=["open_amount", "due_on"],
                condition=~Q(open_amount=0),
                name="invoice_open",
            ),
            models.Index(
                fields=["company", "-issued_on", "-id"],
                condition=Q(kind=InvoiceKind.CREDIT_NOTE),
                name="invoice_credit",
            ),
            models.Index(OpClass(Upper("number"), "text_pattern_ops"), name="invoice_number_begins"),
        ]

    def __str__(self) -> str:
        return self.number


class Orderer(models.Model):
    """A company that ordered what an invoice to another company is for; a row for each that has an order in it.

    Only of invoices that are for orders of another company than the billed one. These rows decide what a branch sees
    of its headquarters' invoices. billed_to and issued_on: the invoice's own, for the index.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="orderers", db_index=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    billed_to = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    issued_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "company"], name="orderer_once")]
        indexes = [
            models.Index(fields=["company", "billed_to", "-issued_on", "-invoice"], name="orderer_newest"),
            models.Index(fields=["billed_to"], name="orderer_billed_to"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.company}"


class InvoiceLine(models.Model):
    """A line of an invoice; order_line where it comes from an order, quantity in its unit."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="invoice_lines"
    )
    position = models.PositiveIntegerField()
    sku = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=300, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    unit_code = models.CharField(max_length=3, blank=True)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)
    net_amount = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        ordering = ["invoice_id", "position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position")]

    def __str__(self) -> str:
        return f"{self.invoice}/{self.position}"


class Payment(models.Model):
    """Money that the ERP has booked on an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="payments")
    erp_id = models.CharField(_("id in the ERP"), max_length=60, unique=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    paid_on = models.DateField()

    history = history()

    class Meta:
        ordering = ["paid_on", "id"]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.amount}"
