"""Flows: what comes from which system, how old it is against its limit, and the switch to pause it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from core.ownership import declared
from integrations import queries
from integrations.actions.flows import ask_for_run, pause_flow, resume_flow
from integrations.actions.switches import set_read_only
from integrations.flows import FLOWS
from integrations.models import FlowRun, FlowState, RejectedRow
from integrations.queries import FlowRow
from integrations.states import Direction, FlowMode
from portal.admin.fed import FedAdmin
from portal.admin.operations.flow import flow_page
from portal.admin.operations.words import AgeMark, age_mark
from portal.admin.pages import admin_page

OWNERS = {"erp": "ERP", "pim": "PIM", "us": "Accord"}


@dataclass(frozen=True)
class FlowLine:
    """A flow as a line: how old against its limit, and its health in a word with its tone."""

    row: FlowRow
    owner: str
    age: AgeMark | None
    health: str
    tone: str


def line_of(row: FlowRow) -> FlowLine:
    """The line of a flow. Paused is a person's decision, never an error."""
    age = age_mark(row.as_of, row.set_to.limit, now=timezone.now()) if row.as_of else None
    state = row.state
    if row.is_paused:
        health, tone = _("Paused"), "out"
    elif not row.set_to.is_live:
        health, tone = str(row.set_to.mode.label), "out"
    elif not row.flow.is_fed:
        health, tone = _("On"), "ok"
    elif state is None or state.last_success_at is None:
        health, tone = _("Not read yet"), ""
    elif age and age.tone == "bad":
        health, tone = _("Over its limit"), "bad"
    elif state.last_error:
        health, tone = _("Tries again"), "warn"
    else:
        health, tone = _("Healthy"), "ok"
    return FlowLine(row, OWNERS.get(row.flow.owner, row.flow.owner), age, health, tone)


def is_read_only(lines: list[FlowLine]) -> bool:
    """Whether nothing goes out to another system."""
    out = [line.row for line in lines if line.row.flow.direction == Direction.OUT]
    return all(row.set_to.mode == FlowMode.HELD for row in out)


def ownership_matrix() -> list[tuple[str, list[str], list[str], list[str]]]:
    """Per record the fields of the ERP, of the PIM and of our own (INT-02)."""
    return [
        (model, _owned(fields, "erp"), _owned(fields, "pim"), _owned(fields, "us"))
        for model, fields in declared().items()
    ]


def _owned(fields: dict[str, str], by: str) -> list[str]:
    return [name for name, owner in fields.items() if owner == by]


@admin.register(FlowState)
class FlowAdmin(FedAdmin):
    """The queryset and permissions of the theme, a page of our own."""

    def get_urls(self) -> list[URLPattern]:
        """The page of a flow goes by its name."""
        view = self.admin_site.admin_view(self.flow_view)
        return [path("<str:name>/page/", view, name="integrations_flow_page"), *super().get_urls()]

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
        lines = [line_of(row) for row in queries.all_flow_rows()]
        context = {
            "lines": lines,
            "systems": queries.all_systems(),
            "late": [line for line in lines if line.tone == "bad"],
            "may_act": request.user.has_perm("integrations.change_flowstate"),
            "may_set": request.user.has_perm("integrations.add_flowsettings"),
            "is_read_only": is_read_only(lines),
            "matrix": ownership_matrix(),
        }
        return admin_page(request, "admin/accord/operations/flows.html", title=_("Flows"), context=context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The theme's address of a flow leads to the page of all flows."""
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

    list_display = ("flow", "started_at", "seen", "new", "changed", "same", "rejected", "removed", "error")
    list_filter = ("flow", "is_full")
    search_fields = ("flow", "error", "correlation_id")
    ordering = ("-id",)


@admin.register(RejectedRow)
class RejectedRowAdmin(FedAdmin):
    """Every row that its last reading could not take, also beyond those that have a case (INT-48)."""

    list_display = ("flow", "key", "field", "reason", "is_refused", "rejected_at")
    list_filter = ("flow", "is_refused", "field")
    search_fields = ("key", "reason", "correlation_id")
    ordering = ("-id",)
