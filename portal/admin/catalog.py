"""The back office of the catalogue: products, taxonomy, warehouses and stock, shown with their owners."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from catalog.actions.stock import WarehouseSettings, set_warehouse
from catalog.models import (
    Allocation,
    Category,
    Media,
    Product,
    ProductRelation,
    ProductUnit,
    StockLevel,
    Warehouse,
)
from core import freshness
from portal.admin.core import SYSTEMS
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin, FedHistoryAdmin, ShownTable
from portal.admin.stale import FreshForm
from portal.templatetags.accord import qty, unit, unit_label

STATUS_TONES = {"active": "ok", "blocked": "warning", "retired": "danger"}


class UnitInline(ShownTable):
    """The units it is sold in: conversions by the ERP, packing by the PIM."""

    model = ProductUnit
    fields = ("key", "what", "numerator", "denominator", "is_default", "is_active", "packing_text")
    readonly_fields = fields

    @admin.display(description=_("unit"))
    def what(self, packed: ProductUnit) -> str:
        """The unit with its content."""
        return unit_label(packed)


class StockInline(ShownTable):
    """The ERP's figures."""

    model = StockLevel
    fields = ("warehouse", "figure", "as_of")
    readonly_fields = fields

    @admin.display(description=_("on hand"))
    def figure(self, level: StockLevel) -> str:
        """The quantity in the base unit."""
        return f"{qty(level.on_hand)} {unit(level.product.base_unit)}"


class AllocationInline(ShownTable):
    """What we hold back for documents."""

    customer = EVERY
    model = Allocation
    fields = ("subject", "warehouse", "held", "made_at", "counted_at")
    readonly_fields = fields

    @admin.display(description=_("quantity"))
    def held(self, allocation: Allocation) -> str:
        """The quantity in the base unit."""
        return qty(allocation.quantity)


class MediaInline(ShownTable):
    """Pictures and documents, by reference."""

    model = Media
    fields = ("kind", "reference", "title")
    readonly_fields = fields


class RelationInline(ShownTable):
    """What goes with it or stands in for it."""

    model = ProductRelation
    fk_name = "product"
    fields = ("kind", "other", "position")
    readonly_fields = fields


@admin.register(Product)
class ProductAdmin(FedHistoryAdmin):
    """Products: identity and units by the ERP, content by the PIM; nobody makes one here (PIM-16)."""

    customer = None
    list_display = (
        "sku",
        "title",
        "standing",
        "category",
        "smallest",
        "is_published",
        "erp_as_of",
        "pim_as_of",
    )
    list_select_related = ("category",)
    list_filter = ("status", ("pim_as_of", admin.EmptyFieldListFilter), "category")
    search_fields = ("sku", "sku_key", "name", "erp_name", "gtin")
    ordering = ("sku_order", "sku")
    inlines = (UnitInline, StockInline, AllocationInline, MediaInline, RelationInline)
    hidden = (
        "id", "search", "sku_key", "sku_order", "erp_as_of", "pim_as_of", "pim_version",
        "min_quantity", "step_quantity", "attributes",
    )  # fmt: skip
    readonly_fields = ("smallest", "facts")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """By owner, with quantities and attributes as people read them."""
        groups = super().get_fieldsets(request, obj)
        for (_title, group), readable in zip(groups, ("smallest", "facts"), strict=False):
            group["fields"] = [*group["fields"], readable]
        return groups

    @admin.display(description=_("attributes"))
    def facts(self, product: Product) -> str:
        """The technical facts, one per line."""
        lines = [(fact["name"], f"{fact['value']} {fact.get('unit', '')}") for fact in product.attributes]
        return format_html_join("", "<div><b>{}</b>: {}</div>", lines)

    def age_of(self, obj: Any, owner: str) -> Any:
        """The ERP's and the PIM's figures have ages of their own."""
        if owner == "erp":
            return freshness.later(obj.erp_as_of, freshness.read_up_to().get("products"))
        return obj.pim_as_of if owner == "pim" else None

    @display(description=_("status"), label=STATUS_TONES, ordering="status")
    def standing(self, product: Product) -> tuple[str, str]:
        """The status as a badge."""
        return product.status, product.get_status_display()

    @admin.display(description=_("smallest order"))
    def smallest(self, product: Product) -> str:
        """The smallest quantity and the step, in the base unit."""
        least, step = qty(product.min_quantity), qty(product.step_quantity)
        return f"{least} / {step} {unit(product.base_unit)}"

    @admin.display(description=_("published"), boolean=True, ordering="pim_as_of")
    def is_published(self, product: Product) -> bool:
        """Whether the PIM has content for it, so that buyers see it."""
        return product.pim_as_of is not None


@admin.register(Category)
class CategoryAdmin(FedAdmin):
    """The PIM's taxonomy."""

    customer = None
    list_display = ("name", "parent", "slug", "position", "size")
    list_select_related = ("parent",)
    search_fields = ("name", "slug", "pim_id")
    # Said here, since a query that counts forgets the order of its model, and pages need one.
    ordering = ("position", "name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """With the number of products, counted once for the list."""
        categories: Any = super().get_queryset(request)
        return categories.without_tree_fields().annotate(size=Count("products"))

    @admin.display(description=_("products"), ordering="size")
    def size(self, category: Any) -> int:
        """How many products stand in it, those below not counted."""
        return int(category.size)


class WarehouseForm(forms.ModelForm):
    """What we decide about a warehouse."""

    class Meta:
        model = Warehouse
        fields = ("time_zone", "position", "is_active", "when_stale")

    def settings(self) -> WarehouseSettings:
        """The valid form as what the action takes."""
        return WarehouseSettings(**self.cleaned_data)


@admin.register(Warehouse)
class WarehouseAdmin(FreshForm, FedAdmin):
    """Where goods leave from: named by the ERP; whether and in which order we sell from it is ours."""

    customer = None
    list_display = ("code", "name", "time_zone", "position", "is_active", "when_stale")
    search_fields = ("code", "name")
    form = WarehouseForm
    readonly_fields = ("code", "name", "erp_id")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators set what is ours."""
        return request.user.has_perm("catalog.change_warehouse")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the action write."""
        set_warehouse(obj.code, form.settings(), by=request.actor)  # type: ignore[attr-defined]


@admin.register(StockLevel)
class StockLevelAdmin(FedAdmin):
    """The ERP's stock figures with their age."""

    customer = None
    list_display = ("product", "warehouse", "figure", "as_of", "source_word")
    list_select_related = ("product", "warehouse")
    list_filter = ("warehouse",)
    search_fields = ("product__sku", "product__sku_key", "product__name")
    ordering = ("product__sku_order", "warehouse__position")

    @admin.display(description=_("on hand"), ordering="on_hand")
    def figure(self, level: StockLevel) -> str:
        """The quantity in the base unit."""
        return f"{qty(level.on_hand)} {unit(level.product.base_unit)}"

    @admin.display(description=_("told by"), ordering="source")
    def source_word(self, level: StockLevel) -> str:
        """The system whose figure holds."""
        return SYSTEMS.get(level.source, level.source)


@admin.register(Allocation)
class AllocationAdmin(FedAdmin):
    """What documents hold back of the stock."""

    customer = EVERY
    list_display = ("subject", "product", "warehouse", "held", "made_at", "counted_at")
    list_select_related = ("product", "warehouse")
    list_filter = ("warehouse", ("counted_at", admin.EmptyFieldListFilter))
    search_fields = ("subject", "product__sku")
    ordering = ("-pk",)

    @admin.display(description=_("quantity"), ordering="quantity")
    def held(self, allocation: Allocation) -> str:
        """The quantity in the base unit."""
        return qty(allocation.quantity)
