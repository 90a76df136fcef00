"""Companies' own sign-ins in the back office: set up, and who is linked by them."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.actions.connections import save_connection, unlink_identity
from accounts.models import SignInConnection, SignInIdentity
from accounts.states import Role
from portal.admin.customers import OwnCustomers
from portal.admin.kept_rows import KeptAdmin
from portal.forms.connections import ConnectionForm
from portal.openid.adapter import is_complete


@admin.register(SignInConnection)
class ConnectionAdmin(KeptAdmin):
    """How the people of a company sign in at their own provider."""

    customer = "company"
    form = ConnectionForm
    list_display = ("name", "company", "issuer", "where", "is_only_way", "secret", "is_active")
    list_select_related = ("company",)
    list_filter = ("is_active", "is_only_way")
    search_fields = ("name", "company__name", "company__number", "issuer", "domains__domain")
    autocomplete_fields = ("company",)
    readonly_fields = ("is_there", "leads_back")
    fieldsets = (
        (None, {"fields": ("company", "name", "domains", "is_active")}),
        (
            _("What the provider needs and tells"),
            {"fields": ("key", "leads_back", "issuer", "client_id", "secret_name", "is_there")},
        ),
        (
            _("Who gets in, and how"),
            {"fields": ("is_only_way", "newcomers", "newcomer_roles", "second_factor")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the domains at hand."""
        return super().get_queryset(request).prefetch_related("domains")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The domains are typed as one text; whoever may only look sees them side by side."""
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        names = {"domains": "where", "newcomer_roles": "what_newcomers_get"}
        return [
            (title, {**parts, "fields": tuple(names.get(name, name) for name in parts["fields"])})
            for title, parts in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """People are known by the issuer and led back by the key: both stay."""
        shown = (*self.readonly_fields, "where", "what_newcomers_get")
        return (*shown, "key", "issuer", "company") if obj else shown

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is taken out of use, not deleted: the log names it."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the action write."""
        by = request.actor  # type: ignore[attr-defined]
        obj.pk = save_connection(obj.company, form.draft(), connection=obj if change else None, by=by).pk

    @display(description=_("domains"))
    def where(self, row: SignInConnection) -> str:
        """The domains, side by side."""
        return ", ".join(one.domain for one in row.domains.all())

    @display(description=_("roles of newcomers"))
    def what_newcomers_get(self, row: SignInConnection) -> str:
        """The roles in words."""
        return ", ".join(str(Role(role).label) for role in row.newcomer_roles) or "–"

    @display(description=_("secret"), label={"there": "success", "missing": "danger", "none": "info"})
    def secret(self, row: SignInConnection) -> tuple[str, Any]:
        """Whether the secret of the named variable is there; never the secret (SEC-03)."""
        if not row.secret_name:
            return "none", _("not needed")
        return ("there", _("there")) if is_complete(row) else ("missing", _("missing"))

    @display(description=_("secret"))
    def is_there(self, row: SignInConnection) -> Any:
        """The same on the page of one."""
        return self.secret(row)[1]

    @display(description=_("address to lead back to"))
    def leads_back(self, row: SignInConnection) -> str:
        """What the provider must be told."""
        if not row.key:
            return str(_("named when it is saved"))
        return settings.SITE_URL + reverse("portal:company-sign-in-done", args=[row.key])


@admin.register(SignInIdentity)
class IdentityAdmin(OwnCustomers, ModelAdmin):
    """Who is linked with whom at a provider; a link is taken away, never typed."""

    customer = "connection__company"
    list_display = ("user", "connection", "subject", "linked_at", "used_at")
    list_select_related = ("user", "connection")
    search_fields = ("user__name", "user__email", "connection__name")
    fields = ("user", "connection", "subject", "linked_at", "used_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Links come about by signing in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody types into one."""
        return False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """By the action, which signs the person out."""
        unlink_identity(obj, by=request.actor)  # type: ignore[attr-defined]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The same for those that were ticked."""
        for identity in queryset.select_related("connection__company"):
            self.delete_model(request, identity)
