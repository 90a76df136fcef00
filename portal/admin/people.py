"""The people who can sign in, as the back office sees them: of customers and of the staff."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.customers import Customers, memberships_at
from accounts.models import Assistance, Membership, User
from accounts.states import Role as MemberRole
from portal.admin.customers import OwnCustomers, customers_for
from portal.admin.explained import duties_of, rights_page
from portal.admin.fed import FedAdmin, FedHistoryAdmin, ShownTable
from portal.admin.managers import managers_page
from portal.admin.personal import personal_page
from portal.admin.staff import partner_page, partners_page, roles_page
from portal.admin.stale import FreshForm
from portal.templatetags.accord import money

ROLES = dict(MemberRole.choices)


class MembershipInline(ShownTable):
    """Who acts for the customer."""

    model = Membership
    customer = "company"
    per_page = 25
    ordering = ("user__name", "pk")
    fields = (
        "user", "company", "words", "alone", "manager", "includes_branches", "is_active", "explained",
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

    @admin.display(description=_("orders alone up to, net"))
    def alone(self, membership: Membership) -> str:
        """Above which amount an order needs an approval."""
        if membership.order_limit is None:
            return str(_("no limit"))
        return money(membership.order_limit, membership.company.currency)


class PlaceInline(MembershipInline):
    """For whom a person acts."""

    fk_name = "user"


@admin.register(User)
class UserAdmin(FedHistoryAdmin):
    """The people who can sign in: of customers by membership, of the staff by group."""

    customer = "memberships__company"
    change_form_outer_before_template = "admin/accord/_person_links.html"
    list_display = ("name", "email", "place", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("name", "email")
    search_help_text = _("Name or e-mail address")
    ordering = ("name",)
    inlines = (PlaceInline,)
    hidden = ("id", "password", "sign_in_round")
    readonly_fields = ("duties",)
    of_staff = (
        "is_superuser",
        "is_staff",
        "access_until",
        "access_customers",
        "access_reason",
        "access_granted_by",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """Of the staff also their roles in words."""
        sets = super().get_fieldsets(request, obj)
        if obj and obj.is_staff:
            return [(_("Roles of the staff"), {"fields": ["duties"]}), *sets]
        return [
            (title, {"fields": [name for name in shown["fields"] if name not in self.of_staff]})
            for title, shown in sets
        ]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """For whom somebody acts; one of the staff acts for nobody as a member."""
        return () if obj and obj.is_staff else self.inlines

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


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(FreshForm, OwnCustomers, DjangoGroupAdmin, ModelAdmin):
    """The staff's groups and their permissions."""

    customer = None
