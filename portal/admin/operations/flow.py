"""The page of one flow: how it is set and was, its switches, and what its last shadow run found."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core.errors import DomainError
from integrations import queries
from integrations.actions.flows import ask_for_run, pause_flow, resume_flow
from integrations.actions.settings import change_flow_settings, restore_flow_settings
from integrations.actions.switches import UNDOES, roll_back_flow
from integrations.effective import Change
from integrations.gates import all_outside, gate_before
from integrations.models import FlowSettings
from integrations.queries import FlowRow
from integrations.states import FlowMode
from portal.admin.pages import admin_page
from portal.forms.durations import in_words
from portal.forms.flows import FlowSettingsForm

TEMPLATE = "admin/accord/operations/flow.html"
# What the form calls a setting, the versions call it too.
LABELS = {
    **{field.name: field.verbose_name for field in FlowSettings._meta.fields},
    **{name: field.label for name, field in FlowSettingsForm.base_fields.items()},
}


def flow_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show a flow, or do what was asked and lead back."""
    row = queries.all_flow_row(name)
    may_switch = request.user.has_perm("integrations.change_flowstate")
    may_set = request.user.has_perm("integrations.add_flowsettings")
    active = queries.all_version_of(name, row.set_to.version)
    form = FlowSettingsForm(row.set_to, active)
    if request.method == "POST":
        do = request.POST.get("do", "")
        if not (may_set if do in ("set", "restore", "back") else may_switch):
            raise PermissionDenied
        if do == "set":
            form = FlowSettingsForm(row.set_to, active, request.POST)
        if do != "set" or form.is_valid():
            done = _done(request, row, do, form)
            if done:
                messages.success(request, done)
                return redirect("admin:integrations_flow_page", name)
    context = {
        "row": row,
        "flow": row.flow,
        "set_to": row.set_to,
        "form": form,
        "records": [record.__name__ for record in row.flow.contract],
        "may_switch": may_switch,
        "may_set": may_set,
        "can_undo": name in UNDOES,
        "versions": [(item.row, words_of(item.changes)) for item in queries.all_versions(name)],
        **_shadow(name),
        **_gate(row),
    }
    status = 422 if form.errors else 200
    return admin_page(request, TEMPLATE, title=str(row.flow.label), context=context, status=status)


def _shadow(name: str) -> dict[str, Any]:
    run = queries.all_shadow_run(name)
    return {"shadow": run, "differences": [difference_of(item) for item in queries.all_differences(run)]}


def difference_of(item: Any) -> tuple[Any, list[tuple[str, Any, Any]]]:
    """A difference with its fields, ours beside theirs."""
    names = sorted({*item.ours, *item.theirs})
    return item, [(name, item.ours.get(name), item.theirs.get(name)) for name in names]


def _gate(row: FlowRow) -> dict[str, Any]:
    gate = gate_before(row.flow)
    if gate is None:
        return {}
    return {"gate": gate, "outside": all_outside(row.flow.destination, gate.companies)}


def words_of(changes: list[Change]) -> list[tuple[str, str, str]]:
    """Changes of settings in words: what, before, after; the flow's own is "as delivered"."""
    return [
        (str(LABELS[item.field]), _word(item.field, item.before), _word(item.field, item.after))
        for item in changes
    ]


def _word(field: str, value: Any) -> str:
    if field == "mode" and value in FlowMode.values:
        return str(FlowMode(value).label)
    if field.endswith("_seconds") and isinstance(value, int):
        return in_words(value)
    if isinstance(value, dict):
        parts = [f"{key}: {_inner(found)}" for key, found in value.items() if found]
        return "; ".join(parts) or "–"
    return str(value) if value not in (None, "") else _("as delivered")


def _inner(found: Any) -> str:
    if isinstance(found, dict):
        return ", ".join(f"{theirs} = {ours}" for theirs, ours in found.items())
    return ", ".join(map(str, found))


def _done(request: HttpRequest, row: FlowRow, do: str, form: FlowSettingsForm) -> str:
    """Do it and say so; what is refused stands beside its field, or above the page."""
    try:
        return _act(request, row, do, form)
    except DomainError as error:
        field = str(error.details.get("field", ""))
        if do == "set" and field in form.fields:
            form.add_error(field, str(error))
        elif do == "set":
            form.add_error(None, str(error))
        else:
            messages.error(request, str(error))
        return ""


def _act(request: HttpRequest, row: FlowRow, do: str, form: FlowSettingsForm) -> str:
    name, by = row.flow.name, request.actor  # type: ignore[attr-defined]
    reason = request.POST.get("reason", "")
    match do:
        case "set":
            version = change_flow_settings(name, form.changes(), by=by, note=form.cleaned_data["note"])
            return _("Version %(number)s is in force.") % {"number": version.version}
        case "restore":
            number = request.POST.get("version", "")
            if not number.isdecimal():
                raise Http404
            version = restore_flow_settings(name, int(number), by=by, note=reason)
            return _("Brought back as version %(number)s.") % {"number": version.version}
        case "back":
            undo = request.POST.get("with_data") == "yes"
            version = roll_back_flow(name, by=by, reason=reason, with_data=undo)
            return _("Rolled back; version %(number)s is in force.") % {"number": version.version}
        case "pause":
            pause_flow(name, by=by, reason=reason)
            return _("It is paused; nothing is lost.")
        case "resume":
            resume_flow(name, by=by)
            return _("It goes on.")
        case "run" if row.flow.is_fed:
            ask_for_run(name)
            return _("It runs in the next seconds.")
    raise Http404
