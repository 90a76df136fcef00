"""The customers as the back office sees them: their tree, what counts for each, and payment terms."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts import tree
from accounts.models import Address, Company, CreditAccount, PaymentTerm
from integrations.identifiers import all_customers_named
from portal.admin.acting import acting_page
from portal.admin.administrator import administrator_page
from portal.admin.customer_page import shown_of_customer
from portal.admin.customers import customers_for
from portal.admin.duplicates import duplicates_page
from portal.admin.fed import FedAdmin, FedHistoryAdmin, ShownTable
from portal.admin.pages import admin_page
from portal.admin.people import MembershipInline
from portal.forms.companies import TreeForm
from portal.templatetags.accord import money

COMPANY_TONES = {
    "pending": "info",
    "active": "ok",
    "on_hold": "warning",
    "rejected": "danger",
    "closed": "danger",
    "merged": "out",
}


class AddressInline(ShownTable):
    """Where goods and invoices of the customer go; the ERP's."""

    model = Address
    per_page = 25
    fields = (
        "name",
        "street",
        "postal_code",
        "city",
        "country",
        "is_ship_to",
        "ship_to_number",
        "is_bill_to",
        "bill_to_number",
        "is_active",
    )
    readonly_fields = fields


class CreditInline(ShownTable):
    """What the customer owes and may owe, by the ERP's word."""

    model = CreditAccount
    fields = ("limit", "used", "is_on_hold", "as_of")
    readonly_fields = fields

    @admin.display(description=_("limit"))
    def limit(self, account: CreditAccount) -> str:
        """What the customer may owe."""
        return money(account.limit_amount, account.currency)

    @admin.display(description=_("used"))
    def used(self, account: CreditAccount) -> str:
        """What the customer owes."""
        return money(account.used_amount, account.currency)


@admin.register(Company)
class CompanyAdmin(FedHistoryAdmin):
    """The customers, in the tree the ERP gives them."""

    customer = "pk"
    list_display = ("number", "name", "standing", "parent", "payment_term", "sales_rep", "limit")
    list_select_related = ("parent", "payment_term", "sales_rep", "credit", "merged_into")
    list_filter = ("status", ("sales_rep", admin.RelatedOnlyFieldListFilter))
    search_fields = ("number", "name", "tax_id", "email")
    search_help_text = _("Number, name, VAT number or e-mail address; also the number of an address")
    ordering = ("number",)
    inlines = (CreditInline, AddressInline, MembershipInline)
    hidden = ("id", "position", "merged_into")
    change_form_outer_before_template = "admin/accord/accounts/_customer.html"
    actions_detail = ("act_for",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Above the fields what counts for the customer, with where it comes from (ACC-08), and what waits."""
        company = self.get_object(request, unquote(object_id))
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **shown_of_customer(company)}
        )

    def get_urls(self) -> list[URLPattern]:
        """The tree and the doubles beside the list, and the pages of acting for a buyer and of the administrator."""
        view = self.admin_site.admin_view
        own = [
            path("tree/", view(self.tree_view), name="accounts_company_tree"),
            path("duplicates/", view(duplicates_page), name="accounts_company_duplicates"),
            path("<int:company_id>/acting/", view(acting_page), name="accounts_company_acting"),
            path(
                "<int:company_id>/administrator/",
                view(administrator_page),
                name="accounts_company_administrator",
            ),
        ]
        return own + super().get_urls()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Company], search_term: str
    ) -> tuple[QuerySet[Company], bool]:
        """By words, and by whatever number any system has for the customer or an address of it (ACC-04)."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if named := all_customers_named(search_term.strip()):
            found = found | queryset.filter(pk__in=named)
        return found, has_duplicates

    def tree_view(self, request: HttpRequest) -> HttpResponse:
        """The tree: the groups, opened at one company, or what a search found (ACC-01)."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TreeForm(request.GET or None)
        text = form.cleaned_data["q"] if form.is_valid() else ""
        customers = customers_for(request)
        at = tree.all_by_number(request.GET.get("at", ""), customers)
        page = None
        if text:
            nodes = tree.all_found(text, customers)
        else:
            nodes = [] if at is None else tree.all_line_to(at, customers)
            rows = tree.all_roots(customers) if at is None else tree.all_below(at, customers)
            page = Paginator(rows, self.list_per_page).get_page(request.GET.get("page"))
            nodes += tree.as_nodes(page, depth=len(nodes))
        query = urlencode({"at": at.number}) + "&" if at is not None else ""
        context = {"nodes": nodes, "page": page, "form": form, "text": text, "at": at, "query": query}
        return admin_page(
            request, "admin/accord/accounts/tree.html", title=str(_("Tree of customers")), context=context
        )

    @action(description=_("Act for a buyer"), url_path="act-for", permissions=("act_for",))
    def act_for(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On to that page, for one of the own customers."""
        self.get_object(request, object_id)
        return redirect("admin:accounts_company_acting", object_id)

    def has_act_for_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For the sales staff."""
        return bool(request.user.has_perm("accounts.add_assistance"))

    @display(description=_("standing"), label=COMPANY_TONES, ordering="status")
    def standing(self, company: Company) -> tuple[str, str]:
        """The status as a badge; of one that was merged what it became."""
        if company.merged_into:
            return "merged", _("Merged into %(number)s") % {"number": company.merged_into.number}
        return company.status, company.get_status_display()

    @admin.display(description=_("credit limit"))
    def limit(self, company: Company) -> str | None:
        """The customer's own limit; a branch without one shares its parent's."""
        account = getattr(company, "credit", None)
        return money(account.limit_amount, account.currency) if account else None


@admin.register(PaymentTerm)
class PaymentTermAdmin(FedAdmin):
    """When invoices fall due, by the ERP's word."""

    customer = None
    ordering = ("code",)
    list_display = ("code", "name", "net_days")
    search_fields = ("code", "name")
