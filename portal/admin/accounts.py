"""Customers, people and what they may do, as the back office sees them."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from accounts import tree
from accounts.actions.segments import limit_age, put_in_segment, save_segment, take_out_of_segment
from accounts.customers import Customers, memberships_at
from accounts.models import (
    Address,
    Assistance,
    Company,
    CreditAccount,
    Membership,
    PaymentTerm,
    Segment,
    SegmentLimit,
    SegmentMember,
    User,
)
from accounts.queries.proposals import all_proposed_of
from accounts.standing import forbidden_in
from accounts.states import Role as MemberRole
from core.actor import Actor
from core.queries import all_newest_causes
from integrations.flows import kinds_of_figures
from integrations.identifiers import all_customers_named
from portal.admin.acting import acting_page
from portal.admin.customers import EVERY, OwnCustomers, customers_for
from portal.admin.duplicates import duplicates_page
from portal.admin.explained import duties_of, rights_page
from portal.admin.fed import FedAdmin, FedHistoryAdmin, ShownTable
from portal.admin.history import HistoryTab
from portal.admin.managers import managers_page
from portal.admin.pages import admin_page
from portal.admin.personal import personal_page
from portal.admin.staff import partner_page, partners_page, roles_page
from portal.admin.stale import FreshForm
from portal.forms.companies import TreeForm
from portal.templatetags.accord import money
from portal.usecases.effective import effective

ROLES = dict(MemberRole.choices)
COMPANY_TONES = {
    "pending": "info",
    "active": "ok",
    "on_hold": "warning",
    "rejected": "danger",
    "closed": "danger",
}


class AddressInline(ShownTable):
    """Where goods and invoices of the customer go; the ERP's."""

    model = Address
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


class MembershipInline(ShownTable):
    """Who acts for the customer."""

    model = Membership
    customer = "company"
    fields = (
        "user", "company", "words", "order_limit", "manager", "includes_branches", "is_active", "explained",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the people at hand."""
        return super().get_queryset(request).select_related("user", "company", "manager")

    @admin.display(description=_("rights here"))
    def explained(self, membership: Membership) -> str:
        """The way to what the person may do there, and why."""
        asked = urlencode({"person": membership.user.email, "company": membership.company.number})
        return format_html(
            '<a href="{}?{}">{}</a>', reverse("admin:accounts_user_rights"), asked, _("Explain")
        )

    @admin.display(description=_("roles"))
    def words(self, membership: Membership) -> str:
        """The roles in words."""
        return ", ".join(str(ROLES.get(role, role)) for role in membership.roles)


class PlaceInline(MembershipInline):
    """For whom a person acts."""

    fk_name = "user"


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
    list_select_related = ("parent", "payment_term", "sales_rep", "credit")
    list_filter = ("status", ("sales_rep", admin.RelatedOnlyFieldListFilter))
    search_fields = ("number", "name", "tax_id", "email")
    ordering = ("number",)
    inlines = (CreditInline, AddressInline, MembershipInline)
    hidden = ("id", "position", "merged_into")
    readonly_fields = ("what_the_state_forbids", "what_counts", "what_was_proposed")
    actions_detail = ("act_for",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """Before the fields what counts for the customer, with where it comes from (ACC-08)."""
        counts = (
            _("What counts here, and where it comes from"),
            {"fields": ["what_the_state_forbids", "what_counts"]},
        )
        proposed = (_("Proposed by the customer"), {"fields": ["what_was_proposed"]})
        return [counts, proposed, *super().get_fieldsets(request, obj)]

    @admin.display(description=_("what its state means"))
    def what_the_state_forbids(self, company: Company) -> str:
        """The state, what it forbids, and who changes it (ACC-10)."""
        return f"{company.get_status_display()}. {forbidden_in(company.status)}"

    @admin.display(description="")
    def what_was_proposed(self, company: Company) -> str:
        """Addresses and contact data as proposed, how far they have come, and what the ERP said."""
        found = all_proposed_of(company)
        causes = all_newest_causes(one.subject for one in found)
        rows = [(one, causes.get(one.subject, "")) for one in found]
        return render_to_string("admin/accord/accounts/_proposed.html", {"proposed": rows})

    @admin.display(description="")
    def what_counts(self, company: Company) -> str:
        """Terms, credit, address, lists, assortments and segments, inherited or not."""
        return render_to_string("admin/accord/accounts/_effective.html", {"effective": effective(company)})

    def get_urls(self) -> list[URLPattern]:
        """The tree and the doubles beside the list, and the page on which acting for a buyer begins."""
        view = self.admin_site.admin_view
        own = [
            path("tree/", view(self.tree_view), name="accounts_company_tree"),
            path("duplicates/", view(duplicates_page), name="accounts_company_duplicates"),
            path("<int:company_id>/acting/", view(acting_page), name="accounts_company_acting"),
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
        elif at is not None:
            nodes = tree.all_opened_at(at, customers)
        else:
            page = Paginator(tree.all_roots(customers), self.list_per_page).get_page(request.GET.get("page"))
            nodes = tree.as_nodes(page)
        context = {"nodes": nodes, "page": page, "form": form, "text": text, "at": at}
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
        """The status as a badge."""
        return company.status, company.get_status_display()

    @admin.display(description=_("credit limit"))
    def limit(self, company: Company) -> str:
        """The customer's own limit; a branch without one shares its parent's."""
        account = getattr(company, "credit", None)
        return money(account.limit_amount, account.currency) if account else "–"


class SegmentMemberInline(OwnCustomers, TabularInline):
    """Who is in the segment by itself."""

    customer = "company"
    model = SegmentMember
    fields = ("company",)
    autocomplete_fields = ("company",)
    extra = 1

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A company is put in or taken out, never exchanged."""
        return False


class SegmentLimitForm(forms.ModelForm):
    """An age limit, in minutes."""

    kind = forms.ChoiceField(label=_("figures"))
    minutes = forms.IntegerField(
        label=_("may be at most so many minutes old"), min_value=1, max_value=100_000
    )

    class Meta:
        model = SegmentLimit
        fields = ("kind", "minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds_of_figures()  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["kind"].disabled = True
            self.fields["minutes"].initial = max(1, self.instance.limit_seconds // 60)


class SegmentLimitInline(OwnCustomers, TabularInline):
    """How old figures may be on the pages and in the orders of its companies."""

    customer = EVERY
    model = SegmentLimit
    form = SegmentLimitForm
    extra = 0


@admin.register(Segment)
class SegmentAdmin(FreshForm, HistoryTab, OwnCustomers, SimpleHistoryAdmin, ModelAdmin):
    """Regions, customer groups and strategic customers, for prices, assortments and waves of the hub."""

    customer = EVERY
    list_display = ("key", "kind", "name", "count")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    inlines = (SegmentLimitInline, SegmentMemberInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        """With the number of companies put in."""
        return super().get_queryset(request).annotate(members_count=Count("members"))

    @admin.display(description=_("companies put in"))
    def count(self, segment: Segment) -> int:
        """How many companies were put in themselves; those below them come with them."""
        return segment.members_count  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rules name a segment by kind and code: they stay."""
        return ("kind", "code") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rules may name it: it is emptied, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        """Save by the action."""
        by = request.actor  # type: ignore[attr-defined]
        obj.pk = save_segment(obj.kind, obj.code, name=obj.name, by=by).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Put in, take out and limit by the actions."""
        by = request.actor  # type: ignore[attr-defined]
        if formset.model is SegmentLimit:
            self._save_limits(form.instance, formset, by)
            return
        for member in formset.save(commit=False):
            put_in_segment(form.instance, member.company, by=by)
        for member in formset.deleted_objects:
            take_out_of_segment(form.instance, member.company, by=by)

    def _save_limits(self, segment: Segment, formset: Any, by: Actor) -> None:
        formset.save(commit=False)
        for row in formset.deleted_objects:
            limit_age(segment, row.kind, None, by=by)
        for form in formset.forms:
            if form.has_changed() and form not in formset.deleted_forms:
                limit = timedelta(minutes=form.cleaned_data["minutes"])
                limit_age(segment, form.cleaned_data["kind"], limit, by=by)


@admin.register(User)
class UserAdmin(FedHistoryAdmin):
    """The people who can sign in: of customers by membership, of the staff by group."""

    customer = "memberships__company"
    change_form_outer_before_template = "admin/accord/_person_links.html"
    list_display = ("name", "email", "place", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("name", "email")
    ordering = ("name",)
    inlines = (PlaceInline,)
    hidden = ("id", "password", "sign_in_round")
    readonly_fields = ("duties",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """Of the staff also their roles in words."""
        sets = super().get_fieldsets(request, obj)
        return [(_("Roles of the staff"), {"fields": ["duties"]}), *sets] if obj and obj.is_staff else sets

    @admin.display(description=_("roles"))
    def duties(self, user: User) -> str:
        """Each role with whose customers it meets and what it sees."""
        rows = [
            (role, whose, _("sees %(parts)s") % {"parts": parts}) for role, whose, parts in duties_of(user)
        ]
        return format_html_join("", "<div><b>{}</b>: {}; {}</div>", rows) or str(_("no role"))

    def get_urls(self) -> list[URLPattern]:
        """The pages of somebody's roles, access as a partner and personal data."""
        roles = self.admin_site.admin_view(roles_page)
        data = self.admin_site.admin_view(personal_page)
        access = self.admin_site.admin_view(partner_page)
        managers = self.admin_site.admin_view(managers_page)
        return [
            path("rights/", self.admin_site.admin_view(rights_page), name="accounts_user_rights"),
            path("partners/", self.admin_site.admin_view(partners_page), name="accounts_user_partners"),
            path("<int:user_id>/partner/", access, name="accounts_user_partner"),
            path("<int:user_id>/roles/", roles, name="accounts_user_roles"),
            path("<int:user_id>/personal-data/", data, name="accounts_user_personal"),
            path("<int:user_id>/managers/", managers, name="accounts_user_managers"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With groups and companies at hand, so that the list costs the same for any length."""
        own = memberships_at(customers_for(request))
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups", Prefetch("memberships", queryset=own))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Not by the hidden password: a filter by its beginning would tell it letter by letter."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def condition(self, customers: Customers) -> Q:
        """The people of the own customers."""
        return Q(pk__in=memberships_at(customers).values("user"))

    @admin.display(description=_("works for"))
    def place(self, user: User) -> str:
        """The staff's groups, or the companies somebody acts for."""
        groups = [group.name for group in user.groups.all()]
        return ", ".join(groups or [item.company.name for item in user.memberships.all()]) or "–"


@admin.register(Assistance)
class AssistanceAdmin(FedAdmin):
    """Who of the staff acted for which buyer, why, and when."""

    customer = "company"
    list_display = ("user", "principal", "company", "reason", "started_at", "ends_at", "ended_at")
    list_select_related = ("user", "principal", "company")
    list_filter = ("started_at",)
    search_fields = ("user__name", "principal__name", "company__name", "company__number", "reason")


@admin.register(PaymentTerm)
class PaymentTermAdmin(FedAdmin):
    """When invoices fall due, by the ERP's word."""

    customer = None
    list_display = ("code", "name", "net_days")
    search_fields = ("code", "name")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(FreshForm, OwnCustomers, DjangoGroupAdmin, ModelAdmin):
    """The staff's groups and their permissions."""

    customer = None
