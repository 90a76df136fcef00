"""Who sees and may buy what: assortments, restrictions and licences, and why a company does not see a product."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.actions.licences import drop_licence, keep_licence
from accounts.customers import Customers
from accounts.models import Company, Licence, LicenceKind
from accounts.queries.licences import licences_of
from accounts.queries.lines import line_of
from accounts.segments import segment_words
from catalog.actions.entitlements import drop_entitlement, keep_entitlement, put_products
from catalog.entitlement import all_givings_to
from catalog.explanation import Deciding, Verdict, all_explained
from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, ProductRestriction
from catalog.ranges import EVERYBODY, SEGMENT, Standing
from core import ownership
from core.days import erp_today
from portal.admin.customers import OwnChoices, OwnCustomers, numbers_for
from portal.admin.kept_rows import KeptAdmin
from portal.admin.licence_words import held_words
from portal.admin.pages import admin_page
from portal.forms.entitlements import AssignmentForm, AssortmentForm, ExplainForm, RestrictionForm

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


class LicenceInline(OwnCustomers, TabularInline):
    """Who holds it."""

    customer = "company"
    model = Licence
    fields = ("company", "number", "valid_from", "valid_until", "is_withdrawn", "system")
    readonly_fields = ("system",)
    autocomplete_fields = ("company",)
    extra = 0
    tab = False


@admin.register(LicenceKind)
class LicenceKindAdmin(KeptAdmin):
    """The licences that products can require."""

    customer = None
    keep = staticmethod(keep_licence)
    drop = staticmethod(drop_licence)
    list_display = ("code", "name", "next_step")
    search_fields = ("code", "name")
    inlines = (LicenceInline,)


@admin.register(Licence)
class LicenceAdmin(KeptAdmin):
    """The licences that companies hold."""

    customer = "company"
    keep = staticmethod(keep_licence)
    drop = staticmethod(drop_licence)
    list_display = (
        "company", "kind", "number", "valid_from", "valid_until", "is_withdrawn", "system", "as_of",
    )  # fmt: skip
    list_select_related = ("company", "kind")
    list_filter = ("kind", "is_withdrawn", "system")
    readonly_fields = ("system", "as_of")
    autocomplete_fields = ("company", "kind")
    search_fields = ("company__number", "company__name", "number")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the ERP vouches for is changed there alone."""
        return _is_ours(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same."""
        return _is_ours(obj) and super().has_delete_permission(request, obj)


def _is_ours(licence: Licence | None) -> bool:
    return licence is None or licence.system == ownership.US


VERDICTS: dict[Verdict, Any] = {
    Verdict.UNPUBLISHED: _("The PIM has no content for it, so nobody sees it."),
    Verdict.OPEN: _(
        "No assortment was ever given to this customer, so it sees everything that is published."
    ),
    Verdict.CLOSED: _(
        "It was given assortments, and none counts on this day, so it sees nothing: an end never opens the catalogue."
    ),
    Verdict.TAKEN_OUT: _("An assortment that counts takes it out, and taking out wins."),
    Verdict.NOT_IN: _("None of the assortments that count puts it in."),
    Verdict.SEEN: _("An assortment that counts holds it, and none takes it out."),
}
STANDINGS: dict[Standing, Any] = {
    Standing.COUNTS: (_("Counts"), "good", "check"),
    Standing.NOT_YET: (_("Not yet"), "", "clock"),
    Standing.OVER: (_("Over"), "", "clock"),
    Standing.REPLACED: (_("Replaced by a nearer one"), "", "arrow-down"),
}


def explain_entitlement(request: HttpRequest) -> HttpResponse:
    """Why a company sees a product, or does not: the deciding rules in order, with their origin (ENT-14)."""
    if not request.user.has_perm("catalog.view_assortment"):
        raise PermissionDenied
    asked = "company" in request.GET
    companies = numbers_for(request)
    form = ExplainForm(request.GET if asked else None, companies=companies)
    context: dict[str, Any] = {"form": form, "companies": companies.order_by("number")[:500]}
    if asked and form.is_valid():
        context |= _answer(form.cleaned_data)
    status = 422 if asked and not form.is_valid() else 200
    return admin_page(
        request,
        "admin/accord/catalog/explain.html",
        title=str(_("Who sees what, and why")),
        context=context,
        status=status,
    )


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    company, product, on = asked["company"], asked["sku"], asked["on"] or erp_today()
    line = line_of(company.pk)
    lineage = [item.pk for item in line]
    found = all_explained(lineage, product, on)
    licences = licences_of(lineage) if found.restrictions else []
    return {
        "company": company,
        "product": product,
        "on": on,
        "found": found,
        "because": VERDICTS[found.verdict],
        "rows": [_row(one, line) for one in found.deciding],
        "restrictions": [
            (one.restriction, held_words(one.restriction.licence_kind_id, licences, on))
            for one in found.restrictions
        ],
    }


def _row(one: Deciding, line: list[Company]) -> dict[str, Any]:
    word, tone, icon = STANDINGS[one.standing]
    return {
        "given": one.given,
        "origin": _origin(one, line),
        "rules": one.rules,
        "says": _says(one),
        "counts": one.counts,
        "standing": word,
        "tone": tone,
        "icon": icon,
    }


def _origin(one: Deciding, line: list[Company]) -> Any:
    if one.given.level == EVERYBODY:
        return _("everybody")
    if one.given.level == SEGMENT:
        return _("segment %(name)s") % {"name": segment_words(one.given.origin)}
    company = line[one.given.level]
    words = {"company": company, "number": company.number, "level": one.given.level}
    if one.given.level == 0:
        return _("%(company)s (%(number)s) itself") % words
    return _("inherited from %(company)s (%(number)s), %(level)s above") % words


def _says(one: Deciding) -> Any:
    if one.takes_out:
        return _("takes it out")
    return _("puts it in") if one.puts_in else _("does not name it")
