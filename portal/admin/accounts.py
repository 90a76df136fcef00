"""Customers, people and what they may do, as the back office sees them."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.customers import Customers, memberships_at
from accounts.models import Address, Company, CreditAccount, Membership, PaymentTerm, User
from accounts.states import Role as MemberRole
from portal.admin.customers import OwnCustomers, customers_for
from portal.admin.fed import FedAdmin, FedHistoryAdmin, ShownTable
from portal.admin.staff import roles_page
from portal.templatetags.accord import money

ROLES = dict(MemberRole.choices)
COMPANY_TONES = {"active": "ok", "on_hold": "warning", "closed": "danger"}


class AddressInline(ShownTable):
    """Where goods and invoices of the customer go; the ERP's."""

    model = Address
    fields = ("name", "street", "postal_code", "city", "country", "is_ship_to", "is_bill_to", "is_active")
    readonly_fields = fields


class MembershipInline(ShownTable):
    """Who acts for the customer."""

    model = Membership
    customer = "company"
    fields = ("user", "company", "words", "order_limit", "includes_branches", "is_active")
    readonly_fields = fields

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
    fields = ("limit_amount", "used_amount", "currency", "is_on_hold", "as_of")
    readonly_fields = fields


@admin.register(Company)
class CompanyAdmin(FedHistoryAdmin):
    """The customers, in the tree the ERP gives them."""

    customer = "pk"
    list_display = ("number", "name", "standing", "parent", "payment_term", "sales_rep", "limit")
    list_select_related = ("parent", "payment_term", "sales_rep", "credit")
    list_filter = ("status", "sales_rep")
    search_fields = ("number", "name", "tax_id", "email")
    ordering = ("number",)
    inlines = (CreditInline, AddressInline, MembershipInline)
    hidden = ("id", "position")

    @display(description=_("standing"), label=COMPANY_TONES, ordering="status")
    def standing(self, company: Company) -> tuple[str, str]:
        """The status as a badge."""
        return company.status, company.get_status_display()

    @admin.display(description=_("credit limit"))
    def limit(self, company: Company) -> str:
        """The customer's own limit; a branch without one shares its parent's."""
        account = getattr(company, "credit", None)
        return money(account.limit_amount, account.currency) if account else "–"


@admin.register(User)
class UserAdmin(FedHistoryAdmin):
    """The people who can sign in: of customers by membership, of the staff by group."""

    customer = "memberships__company"
    list_display = ("name", "email", "place", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("name", "email")
    ordering = ("name",)
    inlines = (PlaceInline,)
    hidden = ("id", "password")

    def get_urls(self) -> list[URLPattern]:
        """The page of somebody's roles."""
        roles = self.admin_site.admin_view(roles_page)
        return [path("<int:user_id>/roles/", roles, name="accounts_user_roles"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With groups and companies at hand, so that the list costs the same for any length."""
        own = memberships_at(customers_for(request))
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups", Prefetch("memberships", queryset=own))

    def condition(self, customers: Customers) -> Q:
        """The people of the own customers."""
        return Q(pk__in=memberships_at(customers).values("user"))

    @admin.display(description=_("works for"))
    def place(self, user: User) -> str:
        """The staff's groups, or the companies somebody acts for."""
        groups = [group.name for group in user.groups.all()]
        return ", ".join(groups or [item.company.name for item in user.memberships.all()]) or "–"


@admin.register(PaymentTerm)
class PaymentTermAdmin(FedAdmin):
    """When invoices fall due, by the ERP's word."""

    customer = None
    list_display = ("code", "name", "net_days")
    search_fields = ("code", "name")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(OwnCustomers, DjangoGroupAdmin, ModelAdmin):
    """The staff's groups and their permissions."""

    customer = None
