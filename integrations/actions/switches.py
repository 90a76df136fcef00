"""Switches over flows: one back to how it was, nothing out, what follows buying on and off (OPS-05, OPS-07, OPS-09)."""

from collections.abc import Callable

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor, action
from core.errors import InvalidValue, WrongState
from integrations.actions.flows import flow_row, is_running
from integrations.actions.settings import change_flow_settings, restore_flow_settings
from integrations.effective import values_of
from integrations.flows import FLOWS
from integrations.models import FlowRun, FlowSettings, FlowState
from integrations.states import Direction, FlowMode
from pricing.actions.prices import undo_run
from pricing.models import PriceRun


def _undo_prices(run: FlowRun, by: Actor) -> bool:
    """Take back what a run of the prices brought; False when it brought nothing that still stands."""
    undone = PriceRun.objects.filter(undoes__isnull=False).values("undoes")
    rows = PriceRun.objects.filter(flow=run.flow, correlation_id=run.correlation_id, undoes=None)
    rows = rows.exclude(pk__in=undone)
    return bool([undo_run(row, by=by) for row in rows.order_by("-id")])


# The flows whose runs can be taken back, and how the app that owns the facts does it.
UNDOES: dict[str, Callable[[FlowRun, Actor], bool]] = {
    "erp.prices": _undo_prices,
    "supplier.prices": _undo_prices,
}


@action
def roll_back_flow(flow: str, *, by: Actor, reason: str, with_data: bool = False) -> FlowSettings:
    """Set a flow as it was before its newest change; what is in flight ends as it began.

    with_data: take back also what it brought since that change, the newest run first.
    The version that a rollback brought back is not what was before: a second rollback goes one further.
    Raises WrongState while a run is under way whose data are to be taken back: they would come after it;
    InvalidValue when nothing was ever changed, without a reason, and when the data of this flow
    cannot be taken back.
    """
    if with_data and flow not in UNDOES:
        raise InvalidValue(_("What this flow brought cannot be taken back here."), field="with_data")
    state = FlowState.objects.select_for_update(no_key=True).get(pk=flow_row(flow).pk)
    if with_data and is_running(state, timezone.now()):
        raise WrongState(
            _("A run of this flow is under way: pause the flow, and take it back when the run has ended."),
            flow=flow,
        )
    active = FlowSettings.objects.filter(flow=flow, is_active=True).first()
    stands_for = _stands_for(active)
    if active is None or not stands_for:
        raise InvalidValue(_("This flow is set as it was from the beginning."), field="version")
    restored = restore_flow_settings(flow, stands_for - 1, by=by, note=reason)
    if with_data:
        runs = FlowRun.objects.select_for_update(no_key=True).filter(
            flow=flow, settings_version=active.version, mode=FlowMode.LIVE, undone_at=None
        )
        for run in runs.order_by("-id"):
            if UNDOES[flow](run, by):
                run.undone_at = timezone.now()
                run.save(update_fields=["undone_at"])
    return restored


def _stands_for(row: FlowSettings | None) -> int:
    """The version that a version is a copy of, through any number of restorations; 0: how the code sets it."""
    while row is not None and row.restores is not None:
        version = row.restores
        row = FlowSettings.objects.filter(flow=row.flow, version=version).first() if version else None
    return row.version if row else 0


@action
def set_read_only(is_on: bool, *, by: Actor, reason: str) -> list[str]:
    """Hold every flow that writes to another system, or let those it held go on; tell their names (OPS-07).

    What waits meanwhile goes out by itself, in order, each once. A flow that was held before for a reason
    of its own stays held.
    """
    names = [name for name, flow in FLOWS.items() if flow.direction == Direction.OUT]
    return _switch(names, is_on, by=by, note=reason, mark=READ_ONLY)


@action
def set_phase(phase: int, *, by: Actor, reason: str) -> list[str]:
    """Let the flows of phase 2 be live, or hold them: buying goes on without them (OPS-09). Tell their names."""
    names = [name for name, flow in FLOWS.items() if flow.phase == 2]
    return _switch(names, phase < 2, by=by, note=reason, mark=PHASE_ONE)


# Beginnings of the reasons by which a switch knows the flows that it has held itself.
READ_ONLY, PHASE_ONE = "Read-only: ", "Phase 1: "


def _switch(names: list[str], is_held: bool, *, by: Actor, note: str, mark: str) -> list[str]:
    if not note.strip():
        raise InvalidValue(_("Say why: the reason is kept with the version."), field="note")
    done = []
    for name in names:
        active = FlowSettings.objects.filter(flow=name, is_active=True).first()
        is_held_now = active is not None and active.mode == FlowMode.HELD
        if is_held and not is_held_now:
            change_flow_settings(name, {"mode": FlowMode.HELD}, by=by, note=mark + note)
            done.append(name)
        elif not is_held and active is not None and is_held_now and active.note.startswith(mark):
            before = FlowSettings.objects.filter(flow=name, version__lt=active.version).first()
            change_flow_settings(name, {"mode": values_of(before)["mode"]}, by=by, note=note)
            done.append(name)
    return done
