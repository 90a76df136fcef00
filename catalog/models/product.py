"""Products: identity, units and status by the ERP, content by the PIM."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode
from tree_queries.query import TreeManager, TreeQuerySet

from core.history import history


class Category(TreeNode):
    """A node of the PIM's taxonomy."""

    pim_id = models.CharField(_("id in the PIM"), max_length=60, unique=True)
    slug = models.SlugField(_("address"), max_length=100, unique=True)
    name = models.CharField(_("name"), max_length=150)
    position = models.PositiveIntegerField(_("position"), default=0)

    objects: ClassVar[TreeManager] = TreeQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """An item of the ERP with the content of the PIM.

    sku_key: the SKU in capitals without separators, for search. sku_order: where it stands in a
    list, see catalog.rules.natural_order. tax_code: see pricing.TaxRate.
    attributes: dicts as catalog.records.AttributeRecord, in the order to show them. Published while
    `pim_as_of` is set: the PIM has content for it.
    `min_quantity` and `step_quantity` are in the base unit, for any unit bought.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("For sale")
        BLOCKED = "blocked", _("Blocked")
        RETIRED = "retired", _("Discontinued")

    sku = models.CharField(_("number"), max_length=60, unique=True)
    sku_key = models.CharField(max_length=60)
    sku_order = models.CharField(max_length=200, default="", editable=False, db_index=True)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)
    erp_name = models.CharField(_("ERP name"), max_length=250)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    base_unit = models.CharField(_("base unit"), max_length=3, default="C62")
    min_quantity = models.DecimalField(_("minimum"), max_digits=18, decimal_places=6, default=1)
    step_quantity = models.DecimalField(_("step"), max_digits=18, decimal_places=6, default=1)
    tax_code = models.CharField(_("tax"), max_length=40, blank=True)
    erp_as_of = models.DateTimeField(_("ERP data as of"), null=True, blank=True)

    name = models.CharField(_("name"), max_length=250, blank=True)
    description = models.TextField(_("description"), blank=True)
    standard = models.CharField(_("standard"), max_length=80, blank=True)
    attributes = models.JSONField(_("attributes"), default=list, blank=True)
    keywords = models.TextField(_("words for the search"), blank=True)
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
        verbose_name=_("category"),
    )
    gtin = models.CharField(_("GTIN"), max_length=14, blank=True)
    weight_kg = models.DecimalField(
        _("weight, kg per base unit"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    pim_version = models.CharField(max_length=60, blank=True)
    pim_as_of = models.DateTimeField(_("content as of"), null=True, blank=True)
    search = SearchVectorField(null=True, editable=False)

    history = history(excluded_fields=["search", "sku_order", "erp_as_of", "pim_as_of", "pim_version"])

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["sku"]
        indexes = [
            GinIndex(fields=["search"], name="product_search"),
            GinIndex(fields=["attributes"], name="product_attributes", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["sku_key"], name="product_sku_key", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["category", "sku"], name="product_category_sku"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["active", "blocked", "retired"]),
                name="product_status_known",
            ),
            models.CheckConstraint(
                condition=Q(min_quantity__gt=0) & Q(step_quantity__gt=0),
                name="product_quantities_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def title(self) -> str:
        """The PIM's name, or the ERP's until there is one."""
        return self.name or self.erp_name


class ProductUnit(models.Model):
    """A unit or package that a product is sold in: an exact ratio to the base unit (UOM-01).

    `numerator / denominator` base units are one of this. key: the ERP's own name of the unit,
    unique per product: one product may have two boxes.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="units")
    key = models.CharField(_("ERP unit"), max_length=30)
    code = models.CharField(_("unit"), max_length=3)
    numerator = models.PositiveIntegerField(_("base units"))
    denominator = models.PositiveIntegerField(_("per"), default=1)
    is_default = models.BooleanField(_("offered first"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    packing_text = models.CharField(_("packing"), max_length=200, blank=True)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("unit of a product")
        verbose_name_plural = _("units of products")
        ordering = ["product_id", "numerator"]
        constraints = [
            models.UniqueConstraint(fields=["product", "key"], name="product_unit_key"),
            models.CheckConstraint(
                condition=Q(numerator__gt=0) & Q(denominator__gt=0), name="product_unit_ratio"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.key}"


class Media(models.Model):
    """A picture or document of a product, by reference (PIM-02)."""

    class Kind(models.TextChoices):
        DRAWING = "drawing", _("Drawing")
        THUMBNAIL = "thumbnail", _("Small picture")
        PHOTO = "photo", _("Photo")
        DOCUMENT = "document", _("Document")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="media")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    reference = models.CharField(_("reference"), max_length=300)
    title = models.CharField(_("title"), max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("picture or document")
        verbose_name_plural = _("pictures and documents")
        ordering = ["product_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["product", "kind", "reference"], name="media_product_reference")
        ]

    def __str__(self) -> str:
        return self.reference


class ProductRelation(models.Model):
    """One product beside another; kinds are kept apart (PIM-08)."""

    class Kind(models.TextChoices):
        ACCESSORY = "accessory", _("Goes with it")
        REPLACEMENT = "replacement", _("Instead of it")
        SUCCESSOR = "successor", _("Successor")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="related_to")
    kind = models.CharField(max_length=20, choices=Kind)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("relation of products")
        verbose_name_plural = _("relations of products")
        ordering = ["product_id", "kind", "position"]
        constraints = [
            models.UniqueConstraint(fields=["product", "other", "kind"], name="relation_once"),
            models.CheckConstraint(condition=~Q(product=F("other")), name="relation_not_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.kind} {self.other}"
