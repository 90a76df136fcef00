"""The policy of checkout in the back office: versions, a preview, in force, rolled back."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from orders.actions.policy import activate_policy, draft_policy, restore_policy, set_cached_credit
from orders.models import CachedCredit, CheckoutPolicy
from orders.queries.live import all_policies, policy_in_force, preview_of
from orders.rules.live import CHOICES, UNANSWERED, cell
from orders.states import ASKED, LiveKind, LiveRule, Situation
from portal.admin.customers import OwnCustomers
from portal.admin.fed import FedAdmin
from portal.admin.history import HistoryTab
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.admin.stale import FreshForm
from portal.forms.policy import PolicyForm

RIGHT = "orders.add_checkoutpolicy"


@admin.register(CheckoutPolicy)
class CheckoutPolicyAdmin(FedAdmin):
    """The versions of the table. A change is a draft first; an old one is never edited."""

    customer = None
    list_display = ("version", "state", "unanswered", "cached_credit_amount", "note", "made_at")
    search_fields = ("note",)
    ordering = ("-version",)

    def get_urls(self) -> list[URLPattern]:
        """Own pages: the form of a draft, a version, and its two steps."""
        view = self.admin_site.admin_view
        return [
            path("add/", view(new_page), name="orders_checkoutpolicy_add"),
            path("<int:version>/page/", view(version_page), name="orders_checkoutpolicy_page"),
            path("<int:version>/activate/", view(activate), name="orders_checkoutpolicy_activate"),
            path("<int:version>/restore/", view(restore), name="orders_checkoutpolicy_restore"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may draft and put in force."""
        return bool(request.user.has_perm(RIGHT))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """On to the version's own page."""
        self._refuse_writing(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        policy = self.get_object(request, object_id)
        if policy is None:
            raise Http404
        return redirect("admin:orders_checkoutpolicy_page", policy.version)

    @display(description=_("state"), label={"in_force": "success", "draft": "info", "past": "idle"})
    def state(self, policy: CheckoutPolicy) -> tuple[str, Any]:
        """Draft, in force, or past."""
        return state_of(policy)

    @display(description=_("When the ERP does not answer"))
    def unanswered(self, policy: CheckoutPolicy) -> str:
        """The rules for a figure that is too old, in short."""
        return " · ".join(
            f"{kind.label}: {LiveRule(policy.rules[cell(kind, Situation.UNHEARD_STALE)]).label}"
            for kind in LiveKind
            if kind in ASKED
        )


def state_of(policy: CheckoutPolicy) -> tuple[str, Any]:
    """How a version stands, as key and word."""
    if policy.active_from is None:
        return "draft", _("Draft")
    if policy.pk == policy_in_force().pk:
        return "in_force", _("In force")
    return "past", _("Was in force")


def table_of(policy: CheckoutPolicy) -> list[dict[str, Any]]:
    """The table as rows: the case, the rule, and the rule in force where it is another one."""
    now = policy_in_force().rules
    rows = []
    for kind, situation in CHOICES:
        name = cell(kind, situation)
        rule, before = policy.rules[name], now[name]
        rows.append(
            {
                "kind": kind.label,
                "situation": situation.label,
                "is_silence": situation in UNANSWERED,
                "rule": LiveRule(rule).label,
                "before": LiveRule(before).label if before != rule else "",
            }
        )
    return rows


def preview_rows(policy: CheckoutPolicy) -> list[dict[str, Any]]:
    """What this version would have decided otherwise about the newest orders, in words."""
    names = {cell(*key): key for key in CHOICES}
    return [
        {
            "kind": names[name][0].label,
            "situation": names[name][1].label,
            "before": LiveRule(before).label,
            "rule": LiveRule(rule).label,
            "count": count,
        }
        for name, before, rule, count in preview_of(policy.rules)
    ]


@shown
def _page(request: HttpRequest, version: int) -> HttpResponse:
    policy = all_policies().filter(version=version).first()
    if policy is None:
        raise Http404
    key, word = state_of(policy)
    context = {
        "policy": policy,
        "state": key,
        "state_word": word,
        "table": table_of(policy),
        "preview": preview_rows(policy) if key != "in_force" else [],
        "may_change": request.user.has_perm(RIGHT),
    }
    title = _gettext("Checkout policy, version %(version)s") % {"version": version}
    return admin_page(request, "admin/accord/orders/policy.html", title=title, context=context)


def version_page(request: HttpRequest, version: int) -> HttpResponse:
    """One version: its table, and what it would change."""
    if not request.user.has_perm("orders.view_checkoutpolicy"):
        raise PermissionDenied
    return _page(request, version)


@shown
def _form_page(request: HttpRequest) -> HttpResponse:
    form = PolicyForm(request.POST or None)
    status = 422 if form.is_bound and not form.is_valid() else 200
    context = {"form": form}
    title = _gettext("New checkout policy")
    return admin_page(
        request, "admin/accord/orders/new_policy.html", title=title, context=context, status=status
    )


@refusing(_form_page)
def new_page(request: HttpRequest) -> HttpResponse:
    """Draft the next version, beginning with what is in force."""
    _check_right(request)
    form = PolicyForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request)
    policy = draft_policy(form.draft(), by=request.actor)  # type: ignore[attr-defined]
    return redirect("admin:orders_checkoutpolicy_page", policy.version)


@refusing(_page)
def activate(request: HttpRequest, version: int) -> HttpResponse:
    """Put a draft in force."""
    _check_post(request)
    activate_policy(version, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Version %(version)s is in force from now on.") % {"version": version})
    return redirect("admin:orders_checkoutpolicy_page", version)


@refusing(_page)
def restore(request: HttpRequest, version: int) -> HttpResponse:
    """Roll back to what an earlier version said."""
    _check_post(request)
    policy = restore_policy(version, by=request.actor)  # type: ignore[attr-defined]
    text = _("Version %(new)s repeats version %(old)s and is in force from now on.")
    messages.success(request, text % {"new": policy.version, "old": version})
    return redirect("admin:orders_checkoutpolicy_page", policy.version)


def _check_right(request: HttpRequest) -> None:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied


def _check_post(request: HttpRequest) -> None:
    _check_right(request)
    if request.method != "POST":
        raise Http404


@admin.register(CachedCredit)
class CachedCreditAdmin(FreshForm, HistoryTab, OwnCustomers, ModelAdmin):
    """How far our last known credit of an account counts while the ERP does not answer."""

    customer = "company"
    ordering = ("-pk",)
    list_display = ("company", "amount", "note")
    list_select_related = ("company",)
    search_fields = ("company__number", "company__name")
    autocomplete_fields = ("company",)
    fields = ("company", "amount", "note")
    list_fullwidth = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """The account of a row stays."""
        return ("company",) if obj else ()

    def save_model(self, request: HttpRequest, obj: CachedCredit, form: Any, change: bool) -> None:
        """Hand it to the action."""
        set_cached_credit(obj.company, obj.amount, note=obj.note, by=request.actor)  # type: ignore[attr-defined]
        obj.pk = type(obj)._base_manager.values_list("pk", flat=True).get(company=obj.company)

    def delete_model(self, request: HttpRequest, obj: CachedCredit) -> None:
        """As for everybody again."""
        set_cached_credit(obj.company, None, note=obj.note, by=request.actor)  # type: ignore[attr-defined]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CachedCredit]) -> None:
        """The same for the rows that were ticked in the list."""
        for row in queryset.select_related("company"):
            self.delete_model(request, row)
