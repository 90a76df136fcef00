"""The back office of prices: lists, versions, imports and policies to read, and why a price is what it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.customers import Customers
from accounts.models import Company
from accounts.segments import segment_words
from catalog.models import Product
from core import freshness
from core.money import line_net
from core.units import Conversion
from portal.admin.customers import OwnChoices, numbers_for
from portal.admin.fed import FedAdmin, ShownTable
from portal.admin.pages import admin_page
from portal.forms.pricing import ExplainForm
from portal.templatetags.accord import percent, qty, unit, unit_price
from pricing.answers import Ask, Candidate, PriceAnswer
from pricing.models import (
    ItemCost,
    PriceKind,
    PriceList,
    PriceListAssignment,
    PricePolicy,
    PriceRow,
    PriceRun,
    TaxRate,
)
from pricing.queries import (
    FRESHNESS,
    active_policy,
    all_assignments_to,
    context_for_company,
    price_ladder,
    price_sheet,
    tax_percent,
)
from pricing.rules import LadderStep, discount_percent, rising_steps

VERDICTS = {
    "wins": (_("Wins"), "good", "check"),
    "outranked": (_("Outranked"), "", "arrow-down"),
    "no_price": (_("No price"), "", "minus"),
}


@admin.register(PriceListAssignment)
class PriceListAssignmentAdmin(FedAdmin):
    """Who gets which list."""

    customer = "company"
    ordering = ("-pk",)
    list_display = ["price_list", "company", "segment_shown", "priority", "valid_from", "valid_until"]
    list_select_related = ["price_list", "company"]
    search_fields = ["price_list__code", "price_list__name", "company__number", "company__name"]

    def condition(self, customers: Customers) -> Q:
        """Those of everybody, and of the own customers."""
        return Q(pk__in=all_assignments_to(customers))

    @display(description=_("segment"), ordering="segment")
    def segment_shown(self, row: PriceListAssignment) -> str:
        """In words."""
        return segment_words(row.segment) or "–"


class AssignmentInline(ShownTable):
    """Who gets this list."""

    customer = "company"

    model = PriceListAssignment
    fields = ("company", "segment", "priority", "valid_from", "valid_until")
    readonly_fields = fields


@admin.register(PriceList)
class PriceListAdmin(FedAdmin):
    """The ERP's price lists."""

    customer = "assignments__company"
    list_display = ["code", "name", "kind", "currency", "is_active", "as_of"]
    list_filter = ["kind", "currency", "is_active"]
    search_fields = ["code", "name"]
    inlines = [AssignmentInline]

    def condition(self, customers: Customers) -> Q:
        """Lists for everybody, and agreements of the own customers."""
        return Q(pk__in=all_assignments_to(customers).values("price_list"))


@admin.register(PriceRow)
class PriceRowAdmin(FedAdmin):
    """Every version of every price; what is current comes first."""

    customer = "price_list__assignments__company"
    list_display = [
        "product", "price_list", "least", "price", "valid_from", "valid_until",
        "is_current", "source", "read_at",
    ]  # fmt: skip
    list_select_related = ["product", "price_list", "run"]
    list_filter = [("price_list", OwnChoices), ("ended_run", admin.EmptyFieldListFilter)]
    search_fields = ["product__sku", "price_list__code"]
    ordering = ["product__sku", "price_list__code", "min_quantity", "-pk"]

    def condition(self, customers: Customers) -> Q:
        """The prices of the lists that the person may see."""
        return Q(price_list__in=all_assignments_to(customers).values("price_list"))

    @display(description=_("from"), ordering="min_quantity")
    def least(self, row: PriceRow) -> str:
        return f"{qty(row.min_quantity)} {unit(row.product.base_unit, row.min_quantity)}"

    @display(description=_("price"), ordering="unit_price")
    def price(self, row: PriceRow) -> str:
        money_word = f"{row.price_list.currency} {unit_price(row.unit_price)}"
        per = unit(row.product.base_unit, row.price_unit)
        return (
            f"{money_word} / {per}" if row.price_unit == 1 else f"{money_word} / {qty(row.price_unit)} {per}"
        )

    @display(description=_("Current"), boolean=True)
    def is_current(self, row: PriceRow) -> bool:
        return row.ended_run_id is None

    @display(description=_("Source"))
    def source(self, row: PriceRow) -> str:
        return f"{row.run.system.upper()} · {row.run.flow} {row.run_id}"

    @display(description=_("Read"), ordering="run__as_of")
    def read_at(self, row: PriceRow) -> Any:
        return row.run.as_of


@admin.register(PriceRun)
class PriceRunAdmin(FedAdmin):
    """Every import that changed a price, and the page that explains what came of them."""

    customer = None
    list_display = [
        "id", "flow", "system", "as_of", "started_at",
        "new", "changed", "ended", "same", "rejected", "rising", "undoes",
    ]  # fmt: skip
    list_select_related = ["undoes"]
    list_filter = ["flow", "system"]
    search_fields = ["correlation_id"]

    def get_urls(self) -> list[URLPattern]:
        explain = self.admin_site.admin_view(explain_price)
        return [path("explain/", explain, name="pricing_explain"), *super().get_urls()]


@admin.register(PricePolicy)
class PricePolicyAdmin(FedAdmin):
    """The versions of the policy: the order of sources, and how low a price may go."""

    customer = None
    list_display = ["version", "order_of_sources", "floor", "active_from", "note"]
    search_fields = ["note"]

    @display(description=_("floor: least margin"), ordering="floor_margin_percent")
    def floor(self, policy: PricePolicy) -> str:
        return percent(policy.floor_margin_percent)

    @display(description=_("Order of sources"))
    def order_of_sources(self, policy: PricePolicy) -> str:
        return " → ".join(str(PriceKind(kind).label) for kind in policy.precedence)


@admin.register(ItemCost)
class ItemCostAdmin(FedAdmin):
    """What products cost us."""

    customer = None
    ordering = ("-pk",)
    list_display = ["product", "cost", "as_of"]
    list_select_related = ["product"]
    search_fields = ["product__sku"]

    @display(description=_("cost"), ordering="cost_price")
    def cost(self, item: ItemCost) -> str:
        return f"{item.currency} {unit_price(item.cost_price)} / {unit(item.product.base_unit)}"


@admin.register(TaxRate)
class TaxRateAdmin(FedAdmin):
    """The ERP's tax rates."""

    customer = None
    ordering = ("-pk",)
    list_display = ["code", "name", "rate", "as_of"]
    search_fields = ["code", "name"]

    @display(description=_("percent"), ordering="percent")
    def rate(self, item: TaxRate) -> str:
        return percent(item.percent)


@dataclass(frozen=True)
class ShownCandidate:
    """A candidate as the table shows it: price in the unit asked for, verdict, reason."""

    candidate: Candidate
    price: Decimal | None
    verdict: Any
    tone: str
    icon: str
    because: Any

    @classmethod
    def of(cls, candidate: Candidate, winner: Candidate | None, unit: Conversion) -> "ShownCandidate":
        """Dress a candidate for the table. winner: the one that has the price, if any."""
        verdict, tone, icon = VERDICTS[candidate.verdict]
        price = candidate.unit_price_for(unit.numerator, unit.denominator)
        return cls(candidate, price, verdict, tone, icon, _because(candidate, winner))

    @property
    def kind(self) -> Any:
        """The kind of source in words."""
        return PriceKind(self.candidate.kind).label


def _because(candidate: Candidate, winner: Candidate | None) -> Any:
    if candidate.row_id is None:
        return _("has no price for this product at this quantity and day")
    if candidate.is_winner or winner is None:
        return _("highest in the order of sources that has a price")
    if candidate.kind != winner.kind:
        return _("its kind comes later in the order of sources")
    if candidate.distance != winner.distance:
        return _("agreed further away in the company's line")
    return _("a list of the same kind comes before it")


def explain_price(request: HttpRequest) -> HttpResponse:
    """Why a company gets a price: every candidate, the winner, its version, source and age (PRC-10)."""
    if not request.user.has_perm("pricing.view_pricelist"):
        raise PermissionDenied
    asked = "company" in request.GET
    companies = numbers_for(request)
    form = ExplainForm(request.GET if asked else None, companies=companies, initial={"quantity": 1})
    context: dict[str, Any] = {"form": form, "companies": companies.order_by("number")[:500]}
    if asked and form.is_valid():
        context |= _explanation(form.cleaned_data)
    status = 422 if asked and not form.is_valid() else 200
    title = str(_("Price explain"))
    return admin_page(
        request, "admin/accord/pricing/explain.html", title=title, context=context, status=status
    )


def _explanation(asked: dict[str, Any]) -> dict[str, Any]:
    company, product, unit = asked["company"], asked["sku"], asked["unit"]
    conversion = Conversion(unit.numerator, unit.denominator) if unit else Conversion(1)
    context = context_for_company(company, asked["on"])
    ask = Ask(product.pk, conversion.to_base(asked["quantity"]), "asked")
    answer = price_sheet(context, [ask])["asked"]
    ladder = price_ladder(context, product)
    return {
        "company": company,
        "product": product,
        "unit": unit,
        "unit_code": unit.code if unit else product.base_unit,
        "conversion": conversion,
        "quantity": asked["quantity"],
        "answer": answer,
        "candidates": [ShownCandidate.of(c, answer.winner, conversion) for c in answer.candidates],
        "policy": active_policy(),
        "limit": freshness.limit_of(FRESHNESS),
        "ladder": _shown_ladder(ladder, answer),
        "rising": rising_steps(ladder),
        **_amounts(answer, asked["quantity"], conversion, product, company),
    }


def _shown_ladder(ladder: list[LadderStep], answer: PriceAnswer) -> list[dict[str, Any]]:
    """The steps with the one that the quantity has reached marked."""
    reached = [step for step in ladder if step.min_quantity <= answer.break_quantity]
    return [{"step": step, "is_reached": bool(reached) and step == reached[-1]} for step in ladder]


def _amounts(
    answer: PriceAnswer, quantity: Decimal, unit: Conversion, product: Product, company: Company
) -> dict[str, Any]:
    """Price and net in the unit asked for, and how far below the list price it lies."""
    if answer.is_on_request:
        return {}
    price = answer.unit_price_for(unit.numerator, unit.denominator)
    listed = answer.candidate_of("list")
    list_price = listed.unit_price_for(unit.numerator, unit.denominator) if listed else None
    net = line_net(quantity, price, currency=company.currency)
    rate = tax_percent(product.tax_code) if product.tax_code else None
    return {
        "price": price,
        "net": net,
        "list_price": list_price,
        "discount": discount_percent(price, list_price),
        "tax_percent": rate,
        "tax": line_net(net, rate / 100, currency=company.currency) if rate is not None else None,
    }
