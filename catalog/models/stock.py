"""Warehouses and stock: the ERP's figures, and what we have promised since."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.product import Product
from core.history import history


class Warehouse(models.Model):
    """A place that ships; the time zone is that of its cut-off.

    when_stale: what a stock figure of it is still good for once it is older than its limit (INV-11).
    """

    class WhenStale(models.TextChoices):
        WARN = "warn", _("Promise from it, with its age")
        CONFIRM = "confirm", _("Promise nothing, take orders to be confirmed")
        BLOCK = "block", _("Take no orders from it")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="Europe/Vienna")
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("ships online orders"), default=True)
    when_stale = models.CharField(
        _("with an old stock figure"), max_length=10, choices=WhenStale, default=WhenStale.WARN
    )

    history = history()

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(when_stale__in=["warn", "confirm", "block"]), name="warehouse_when_stale_known"
            )
        ]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """The figure of another system for a product in a warehouse, in the base unit (INV-01, INV-11).

    on_hand: physical stock; what was shipped until `as_of`, by the ERP's clock, is deducted,
    open orders are not. source: the system that told it; of several, the one that `core.ownership` prefers.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stock")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    on_hand = models.DecimalField(_("on hand"), max_digits=18, decimal_places=6)
    as_of = models.DateTimeField(_("as of"))
    source = models.CharField(_("told by"), max_length=20, default="erp", db_default="erp", editable=False)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="stock_product_warehouse")
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.warehouse}: {self.on_hand}"

    @property
    def freshness_kind(self) -> str:
        """The kind of figure whose limit of age holds for it."""
        return "stock" if self.source == "erp" else f"{self.source}_stock"


class Allocation(models.Model):
    """A promised quantity, in the base unit, that holds back stock until the ERP has deducted it.

    subject: "order:number/line" of the document that holds it. counted_at: when the event that
    takes it off the ERP's figure (a shipment) happened, by the ERP's clock; the allocation ends with
    the first figure whose as-of is later. Rows are the truth: a balance is their sum (INV-02).
    """

    subject = models.CharField(max_length=80)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="allocations")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    made_at = models.DateTimeField(auto_now_add=True)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="allocation_positive"),
            models.UniqueConstraint(
                fields=["subject", "warehouse"],
                condition=Q(counted_at=None),
                name="allocation_open_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["product", "warehouse"], name="allocation_product_warehouse"),
            models.Index(fields=["subject"], name="allocation_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.quantity}"
