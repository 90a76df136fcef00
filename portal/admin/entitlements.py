"""Who sees and may buy what: assortments and restrictions, as the back office keeps them."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.customers import Customers
from accounts.segments import segment_words
from catalog.actions.entitlements import drop_entitlement, keep_entitlement, put_products
from catalog.entitlement import all_givings_to
from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, ProductRestriction
from portal.admin.customers import OwnChoices, OwnCustomers
from portal.admin.kept_rows import KeptAdmin
from portal.admin.range_explained import explain_entitlement
from portal.forms.entitlements import AssignmentForm, AssortmentForm, RestrictionForm

GIVEN_TO = ("company", "segment", "everybody", "adds", "contract", "valid_from", "valid_until")


class EntitlementAdmin(KeptAdmin):
    """Rows that say who sees and may buy what."""

    keep = staticmethod(keep_entitlement)
    drop = staticmethod(drop_entitlement)


class AssignmentInline(OwnCustomers, TabularInline):
    """Whom the assortment is given to."""

    customer = "company"
    model = AssortmentAssignment
    form = AssignmentForm
    fields = GIVEN_TO
    autocomplete_fields = ("company",)
    extra = 0
    tab = False

    def condition(self, customers: Customers) -> Q:
        """Those of the own customers, and those to no company by name."""
        return Q(company=None) | customers.of("company")


class CategoryInline(OwnCustomers, TabularInline):
    """The categories that are put in and taken out; single products have a list of their own."""

    customer = None
    model = AssortmentRule
    fields = ("effect", "category")
    autocomplete_fields = ("category",)
    extra = 0
    tab = False
    verbose_name = _("category")
    verbose_name_plural = _("categories, each with all below it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of categories alone."""
        rows: QuerySet[Any] = super().get_queryset(request).filter(category__isnull=False)
        return rows


@admin.register(Assortment)
class AssortmentAdmin(EntitlementAdmin):
    """Parts of the catalogue, with whom they are given to."""

    customer = "assignments__company"
    form = AssortmentForm
    list_display = ("code", "name", "covers", "products", "categories", "givings")
    search_fields = ("code", "name")
    # Said here, since a query that counts forgets the order of its model, and pages need one.
    ordering = ("code",)
    inlines = (CategoryInline, AssignmentInline)
    fieldsets = (
        (None, {"fields": ("code", "name", "covers", "note")}),
        (_("Products"), {"fields": ("put_in", "take_out")}),
    )

    def condition(self, customers: Customers) -> Q:
        """Those of the own customers, and those that are given to no company by name."""
        return Q(pk__in=all_givings_to(customers).values("assortment"))

    def get_urls(self) -> list[URLPattern]:
        """The explain page beside the list."""
        explain = self.admin_site.admin_view(explain_entitlement)
        return [path("explain/", explain, name="catalog_assortment_explain"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assortment]:
        """With counts, for the list."""
        rows: QuerySet[Assortment] = super().get_queryset(request)
        return rows.annotate(
            product_count=Count("rules__product", distinct=True),
            category_count=Count("rules__category", distinct=True),
            given_count=Count("assignments", distinct=True),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The rows beside it, then the pasted numbers as a set."""
        super().save_related(request, form, formsets, change)
        for name, effect in (("put_in", "include"), ("take_out", "exclude")):
            if form.cleaned_data.get(name):
                put_products(form.instance, form.cleaned_data[name], effect=effect, by=request.actor)  # type: ignore[attr-defined]

    @display(description=_("products named"), ordering="product_count")
    def products(self, row: Any) -> int:
        """How many products its rules name."""
        return int(row.product_count)

    @display(description=_("categories named"), ordering="category_count")
    def categories(self, row: Any) -> int:
        """How many categories its rules name."""
        return int(row.category_count)

    @display(description=_("given to"), ordering="given_count")
    def givings(self, row: Any) -> int:
        """To how many companies and segments it is given, whatever the days."""
        return int(row.given_count)


@admin.register(AssortmentRule)
class AssortmentRuleAdmin(EntitlementAdmin):
    """The rules one by one, to look for a product in all assortments."""

    customer = "assortment__assignments__company"
    list_display = ("assortment", "effect", "product", "category")
    list_select_related = ("assortment", "product", "category")
    list_filter = ("effect", ("assortment", OwnChoices))
    search_fields = ("assortment__code", "product__sku", "category__name")
    autocomplete_fields = ("assortment", "product", "category")

    def condition(self, customers: Customers) -> Q:
        """Those of the assortments that the person may see."""
        return Q(assortment__in=all_givings_to(customers).values("assortment"))


@admin.register(AssortmentAssignment)
class AssortmentAssignmentAdmin(EntitlementAdmin):
    """Who has which assortment, and when."""

    customer = "company"
    form = AssignmentForm
    list_display = ("assortment", "whom", "adds", "contract", "valid_from", "valid_until")
    list_select_related = ("assortment", "company")
    list_filter = (("assortment", OwnChoices),)
    search_fields = ("assortment__code", "company__number", "company__name", "segment", "contract")
    autocomplete_fields = ("assortment", "company")
    fields = ("assortment", *GIVEN_TO)

    def condition(self, customers: Customers) -> Q:
        """Those of the own customers, and those to no company by name."""
        return Q(company=None) | customers.of("company")

    @display(description=_("given to"), ordering="company__name")
    def whom(self, row: AssortmentAssignment) -> str:
        """The company, the segment, or everybody."""
        return str(row.company or segment_words(row.segment) or _("everybody"))


@admin.register(ProductRestriction)
class ProductRestrictionAdmin(EntitlementAdmin):
    """What must be fulfilled before a product is sold."""

    customer = "company"
    form = RestrictionForm
    list_display = ("name", "kind", "thing", "whom", "what", "valid_from", "valid_until")
    list_display_links = ("name",)
    list_select_related = ("product", "category", "company", "licence_kind")
    list_filter = ("kind", "period", "country")
    search_fields = ("product__sku", "category__name", "company__number", "company__name", "segment", "note")
    autocomplete_fields = ("product", "category", "company", "licence_kind")
    fieldsets = (
        (None, {"fields": ("kind", "product", "category")}),
        (_("Whom it binds"), {"fields": ("company", "segment", "valid_from", "valid_until")}),
        (_("For a licence"), {"fields": ("licence_kind",)}),
        (_("For a quantity"), {"fields": ("max_quantity", "period")}),
        (_("For a place"), {"fields": ("country", "postal_prefix")}),
        (_("What the buyer reads beside the refusal"), {"fields": ("note",)}),
    )

    def condition(self, customers: Customers) -> Q:
        """Those that bind the own customers, and those that bind no company by name."""
        return Q(company=None) | customers.of("company")

    @display(description=_("rule"), ordering="pk")
    def name(self, row: ProductRestriction) -> str:
        """How refusals call it."""
        return row.name

    @display(description=_("product or category"))
    def thing(self, row: ProductRestriction) -> str:
        """What it is about."""
        return str(row.product or row.category)

    @display(description=_("binds"))
    def whom(self, row: ProductRestriction) -> str:
        """Whom it binds."""
        return str(row.company or segment_words(row.segment) or _("everybody"))

    @display(description=_("condition"))
    def what(self, row: ProductRestriction) -> str:
        """The condition in short."""
        return row.condition
