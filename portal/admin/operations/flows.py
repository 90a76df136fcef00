"""Flows: how each one is and why, what it belongs to, who owns what, and the switches to pause and hold."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.ownership import declared
from integrations import queries
from integrations.actions.flows import ask_for_run, pause_flow, resume_flow
from integrations.actions.switches import set_read_only
from integrations.flows import FLOWS
from integrations.models import FlowRun, FlowState, RejectedRow
from integrations.monitoring import all_flow_health
from integrations.playbooks import all_playbooks, playbook, rules
from integrations.register import BY_HAND, NOTICED
from integrations.service_health import all_service_health
from integrations.states import Direction, FlowMode, Light
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.operations.flow import flow_page
from portal.admin.operations.health import (
    ICONS,
    TONES,
    FlowLine,
    groups_of,
    line_of,
    shown_by,
    summary,
    views_of,
)
from portal.admin.operations.windows import all_rest_words
from portal.admin.pages import admin_page


def is_read_only(lines: list[FlowLine]) -> bool:
    """Whether nothing goes out to another system."""
    out = [line.health for line in lines if line.health.flow.direction == Direction.OUT]
    return all(health.set_to.mode == FlowMode.HELD for health in out)


def ownership_matrix() -> list[tuple[str, list[str], list[str], list[str]]]:
    """Per record the fields of the ERP, of the PIM and of our own (INT-02)."""
    return [
        (model, _owned(fields, "erp"), _owned(fields, "pim"), _owned(fields, "us"))
        for model, fields in declared().items()
    ]


def _owned(fields: dict[str, str], by: str) -> list[str]:
    return [name for name, owner in fields.items() if owner == by]


TABS = {
    "": gettext_lazy("Health"),
    "services": gettext_lazy("Business services"),
    "inventory": gettext_lazy("Inventory and schedule"),
    "owners": gettext_lazy("Who owns which field"),
}


def worst_of(lines: list[FlowLine]) -> FlowLine | None:
    """The flow of which the notice speaks: a red one with a case before one without; None while none is red."""
    red = [line for line in lines if line.health.light == Light.RED]
    return min(red, key=lambda line: (not line.health.alarms, not line.health.case), default=None)


def _health(request: HttpRequest, lines: list[FlowLine], now: datetime) -> dict[str, Any]:
    wanted = request.GET.get("show", "")
    return {
        "groups": groups_of(shown_by(lines, wanted), all_rest_words()),
        "views": views_of(lines, wanted),
        "systems": [system for system in queries.all_systems() if system.down_since],
        "may_act": request.user.has_perm("integrations.change_flowstate"),
        "may_set": request.user.has_perm("integrations.add_flowsettings"),
        "is_read_only": is_read_only(lines),
    }


def _services(request: HttpRequest, lines: list[FlowLine], now: datetime) -> dict[str, Any]:
    by_name = {line.health.flow.name: line for line in lines}
    found = all_service_health([line.health for line in lines], now)
    return {
        "services": [
            (one, TONES[one.light], ICONS[one.light], [by_name[health.flow.name] for health in one.flows])
            for one in found
        ]
    }


def _inventory(request: HttpRequest, lines: list[FlowLine], now: datetime) -> dict[str, Any]:
    return {
        "groups": groups_of(lines, {}),
        "count": sum(line.health.flow.name in NOTICED for line in lines),
        "by_hand": BY_HAND,
    }


def _owners(request: HttpRequest, lines: list[FlowLine], now: datetime) -> dict[str, Any]:
    return {"matrix": ownership_matrix()}


CONTEXTS = {"": _health, "services": _services, "inventory": _inventory, "owners": _owners}


@admin.register(FlowState)
class FlowAdmin(FedAdmin):
    """The queryset and permissions of the theme, a page of our own."""

    customer = None
    ordering = ("flow",)

    def get_urls(self) -> list[URLPattern]:
        """The page of a flow goes by its name."""
        wrap = self.admin_site.admin_view
        own = [
            path("<str:name>/page/", wrap(self.flow_view), name="integrations_flow_page"),
            path("playbooks/<str:anchor>/", wrap(self.playbook_view), name="integrations_playbook"),
        ]
        return own + super().get_urls()

    def playbook_view(self, request: HttpRequest, anchor: str) -> HttpResponse:
        """What to do when a flow or a case calls for somebody: a section of the playbooks."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        section = playbook(anchor)
        if section is None:
            raise Http404
        context = {
            "section": section,
            "rules": rules(),
            "sections": list(all_playbooks().values()),
            "flows": [flow for flow in FLOWS.values() if flow.playbook == anchor],
        }
        template = "admin/accord/operations/playbook.html"
        return admin_page(request, template, title=section.title, context=context)

    def flow_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """One flow: settings, versions, switches, the last shadow run."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return flow_page(request, name)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """All flows on one page, with the ownership matrix they carry out (INT-02)."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._act(request)
        tab = request.GET.get("tab", "")
        return self._tab(request, tab if tab in TABS else "")

    def _tab(self, request: HttpRequest, tab: str) -> HttpResponse:
        now = timezone.now()
        found = all_flow_health(now)
        lines = [line_of(health, now) for health in found]
        context = {
            "tab": tab,
            "tabs": list(TABS.items()),
            "summary": summary(lines),
            "now": now,
            "worst": worst_of(lines),
            **CONTEXTS[tab](request, lines, now),
        }
        template = f"admin/accord/operations/flows_{tab or 'health'}.html"
        return admin_page(request, template, title=_("Flows"), context=context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The theme's address of a flow leads to the page of all flows."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:integrations_flowstate_changelist")

    def _act(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("integrations.change_flowstate"):
            raise PermissionDenied
        name, by = request.POST.get("flow", ""), request.actor  # type: ignore[attr-defined]
        if request.POST.get("do") in ("read_only", "read_write"):
            return self._switch_all(request)
        if name not in FLOWS:
            raise Http404
        match request.POST.get("do", ""):
            case "pause":
                pause_flow(name, by=by, reason=request.POST.get("reason", ""))
                done = _("%(flow)s is paused.")
            case "resume":
                resume_flow(name, by=by)
                done = _("%(flow)s goes on.")
            case "run" if FLOWS[name].is_fed:
                ask_for_run(name)
                done = _("%(flow)s runs in the next seconds.")
            case _:
                raise Http404
        messages.success(request, done % {"flow": FLOWS[name].label})
        return redirect("admin:integrations_flowstate_changelist")

    def _switch_all(self, request: HttpRequest) -> HttpResponse:
        """Hold everything that goes out, or let go what was held so (OPS-07)."""
        if not request.user.has_perm("integrations.add_flowsettings"):
            raise PermissionDenied
        is_on = request.POST.get("do") == "read_only"
        by, reason = request.actor, request.POST.get("reason", "")  # type: ignore[attr-defined]
        names = set_read_only(is_on, by=by, reason=reason)
        text = _("Held: %(names)s.") if is_on else _("Live again: %(names)s.")
        told = ", ".join(str(FLOWS[name].label) for name in names) or _("none, it was so before")
        messages.success(request, text % {"names": told})
        return redirect("admin:integrations_flowstate_changelist")


@admin.register(FlowRun)
class FlowRunAdmin(FedAdmin):
    """Every run of every flow; seen = new + changed + same + rejected."""

    customer = None
    list_display = ("flow", "started_at", "seen", "new", "changed", "same", "rejected", "removed", "error")
    list_filter = ("flow", "is_full")
    search_fields = ("flow", "error", "correlation_id")
    ordering = ("-id",)


@admin.register(RejectedRow)
class RejectedRowAdmin(FedAdmin):
    """Every row that its last reading could not take, also beyond those that have a case (INT-48)."""

    customer = EVERY
    list_display = ("flow", "key", "field", "reason", "is_refused", "rejected_at")
    list_filter = ("flow", "is_refused", "field")
    search_fields = ("key", "reason", "correlation_id")
    ordering = ("-id",)
