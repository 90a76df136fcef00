"""Orders and their lines: ours until the ERP accepts them, its echo afterwards."""

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Address, Company, PaymentTerm
from catalog.models import Product, ProductUnit, Warehouse
from core.history import history
from core.models import Traced
from orders.states import (
    OPEN,
    WAITING,
    DeliveryStatus,
    InvoiceStatus,
    OrderStatus,
    PaymentStatus,
)

# What a few orders are at a time, of the many there are: each is a tab of the list of orders and has an index.
RARE: dict[str, Q] = {
    "open": Q(status__in=OPEN),
    "waiting": Q(status__in=WAITING),
    "trouble": Q(status=OrderStatus.ON_HOLD)
    | Q(delivery_status=DeliveryStatus.EXCEPTION)
    | Q(invoice_status=InvoiceStatus.EXCEPTION),
    "unpaid": Q(payment_status__in=[PaymentStatus.OPEN, PaymentStatus.PARTIAL]),
}


def po_figures() -> Func:
    """A PO number from its first digit on, "77/4" of "PO-77/4": what a search goes by beside the whole, and its index."""
    return Func(
        Upper("po_number"),
        Value("^[^0-9]+"),
        Value(""),
        function="regexp_replace",
        output_field=models.TextField(),
    )


def _quantity(label: object) -> models.DecimalField:
    return models.DecimalField(label, max_digits=18, decimal_places=6, default=0)  # type: ignore[arg-type]


def _amount(label: object) -> models.DecimalField:
    return models.DecimalField(label, max_digits=18, decimal_places=4)  # type: ignore[arg-type]


class Order(models.Model):
    """One order of a company.

    origin and origin_ref say what it was made from (cart and its token, quote and its number);
    the pair is unique: whatever is clicked twice, there is one order (CRT-15, QTE-13).
    placed_by is whose order it is; entered_by somebody of the staff who placed it for that buyer (ACC-16).
    `number` is also the key under which the ERP is asked for it. ship_to and bill_to are
    snapshots; the foreign keys say where they came from. live_checks: what was asked of the ERP when
    it was placed, and what was decided on the answer (OBS-23). approval_rules: those that asked for an
    approval, with version and reason. `status` is ours, the columns below
    it are the ERP's word as of `erp_as_of`.
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="orders", db_index=False)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    placed_at = models.DateTimeField(_("placed"))
    origin = models.CharField(max_length=10)
    origin_ref = models.CharField(max_length=60)
    status = models.CharField(_("status"), max_length=20, choices=OrderStatus)
    currency = models.CharField(_("currency"), max_length=3)
    net_amount = _amount(_("net"))
    tax_amount = _amount(_("VAT"))
    gross_amount = _amount(_("with VAT"))
    taxes = models.JSONField(default=list)
    po_number = models.CharField(_("PO number"), max_length=60, blank=True)
    note = models.TextField(_("note"), blank=True)
    requested_on = models.DateField(_("requested date"), null=True, blank=True)
    cost_centre = models.CharField(_("cost centre"), max_length=30, blank=True)
    payment_term = models.ForeignKey(PaymentTerm, null=True, on_delete=models.PROTECT, related_name="+")
    ship_to_address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    bill_to_address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    bill_to_company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    ship_to = models.JSONField()
    bill_to = models.JSONField()
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    credit_decision = models.JSONField(default=dict)
    live_checks = models.JSONField(default=list, blank=True)
    approval_rules = models.JSONField(default=list, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision_comment = models.TextField(blank=True)
    correlation_id = models.CharField(max_length=64, db_index=True)

    erp_number = models.CharField(_("ERP number"), max_length=60, blank=True)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)
    erp_status = models.CharField(_("ERP status"), max_length=60, blank=True)
    delivery_status = models.CharField(
        _("delivery"), max_length=10, choices=DeliveryStatus, default=DeliveryStatus.NONE
    )
    invoice_status = models.CharField(
        _("invoices"), max_length=10, choices=InvoiceStatus, default=InvoiceStatus.NONE
    )
    payment_status = models.CharField(
        _("payment"), max_length=10, choices=PaymentStatus, default=PaymentStatus.NONE
    )
    erp_version = models.CharField(max_length=60, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    erp_as_of = models.DateTimeField(_("ERP data as of"), null=True)

    history = history(quiet=["erp_as_of"])

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["origin", "origin_ref"], name="order_one_per_origin"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="order_adds_up"
            ),
            models.UniqueConstraint(fields=["erp_id"], condition=~Q(erp_id=""), name="order_erp_id_once"),
        ]
        indexes = [
            # One for each tab of a list: the next order of a company is the next entry (ACC-09).
            models.Index(fields=["company", "-id"], include=["status"], name="order_of_company"),
            models.Index(fields=["placed_by", "company", "-id"], name="order_of_person"),
            *(
                models.Index(fields=["company", "-id"], condition=found, name=f"order_{name}")
                for name, found in RARE.items()
            ),
            models.Index("company", OpClass(Upper("po_number"), "text_pattern_ops"), name="order_po_number"),
            models.Index("company", OpClass(po_figures(), "text_pattern_ops"), name="order_po_figures"),
            models.Index(fields=["bill_to_company", "status"], name="order_bill_to_status"),
            models.Index(Upper("erp_number"), name="order_erp_number"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """The subject of this order's events and cases."""
        return f"order:{self.number}"


class OrderLine(models.Model):
    """One line: what was agreed, why at this price, and how far it is, in the line's unit.

    Counters are written with their movement rows; a fact of the ERP that exceeds them is stored
    and becomes a case. price_story: the explanation from the price sheet or the quote (PRC-10).
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(ProductUnit, null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.CharField(_("product number"), max_length=60)
    name = models.CharField(_("name"), max_length=250)
    unit_code = models.CharField(_("unit"), max_length=3)
    unit_key = models.CharField(max_length=30)
    numerator = models.PositiveIntegerField()
    denominator = models.PositiveIntegerField(default=1)
    unit_price = models.DecimalField(_("price"), max_digits=18, decimal_places=6)
    price_unit = models.DecimalField(_("per"), max_digits=18, decimal_places=6, default=1)
    net_amount = _amount(_("net"))
    tax_code = models.CharField(max_length=40, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3)
    price_story = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)

    ordered = _quantity(_("ordered"))
    confirmed = _quantity(_("confirmed"))
    allocated = _quantity(_("allocated"))
    backordered = _quantity(_("backordered"))
    shipped = _quantity(_("shipped"))
    cancelled = _quantity(_("cancelled"))
    substituted = _quantity(_("substituted"))
    invoiced = _quantity(_("invoiced"))
    credited = _quantity(_("credited"))
    returned = _quantity(_("returned"))
    backorder_on = models.DateField(_("rest expected"), null=True)

    history = history()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position"),
            models.CheckConstraint(condition=Q(ordered__gt=0), name="order_line_ordered_positive"),
            models.CheckConstraint(
                condition=Q(cancelled__gte=0) & Q(cancelled__lte=F("ordered")),
                name="order_line_cancelled_within",
            ),
        ]
        indexes = [models.Index(Upper("sku"), "order", name="order_line_sku")]

    def __str__(self) -> str:
        return f"{self.order}/{self.position}"

    @property
    def code(self) -> str:
        """The unit's code, under the name by which units are read."""
        return self.unit_code


class OrderMove(Traced):
    """One move of an order's status: from, to, by whom, why (ORD-21)."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="moves")
    at = models.DateTimeField(auto_now_add=True)
    old = models.CharField(max_length=20, blank=True)
    new = models.CharField(max_length=20, choices=OrderStatus)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.order}: {self.old} → {self.new}"
