"""Writes of the settings of flows: each change is a new version, each version can be brought back (INT-64)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.staff import all_staff_in
from core import audit, freshness
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound
from core.models import trace
from integrations.actions.flows import flow_row
from integrations.criteria import CRITERIA
from integrations.effective import FIELDS, differences, laid_over, values_of
from integrations.flows import FLOWS, Flow
from integrations.models import FlowSettings, FlowState
from integrations.states import FlowMode
from integrations.words import KINDS


@action
def change_flow_settings(flow: str, changes: Mapping[str, Any], *, by: Actor, note: str) -> FlowSettings:
    """Set a flow otherwise: a new version that says who, when and why. The one in force when nothing differs,
    an unsaved version 0 while there is none.

    changes: {field of FlowSettings: value}; what is not named stays. Raises InvalidValue naming the
    field, and when an order or stock flow would go live without an alert that reaches somebody.
    """
    before = _locked(flow)
    values = {**values_of(before), **changes}
    if unknown := set(values) - set(FIELDS):
        raise TypeError(f"no settings of a flow: {', '.join(sorted(unknown))}")
    return _put(FLOWS[flow], before, values, by=by, note=note)


@action
def restore_flow_settings(flow: str, version: int, *, by: Actor, note: str) -> FlowSettings:
    """Bring back how a flow was set by a version, as a new one; 0 is how the code sets it. Raises NotFound."""
    before = _locked(flow)
    old = FlowSettings.objects.filter(flow=flow, version=version).first() if version else None
    if version and old is None:
        raise NotFound(_("There is no such version of the settings."))
    return _put(FLOWS[flow], before, values_of(old), by=by, note=note, restores=version)


def _locked(flow: str) -> FlowSettings | None:
    """The version in force, with the flow's row locked: the first version has no row to lock."""
    FlowState.objects.select_for_update(no_key=True).get(pk=flow_row(flow).pk)
    return FlowSettings.objects.filter(flow=flow, is_active=True).first()


def _put(
    flow: Flow,
    before: FlowSettings | None,
    values: dict[str, Any],
    *,
    by: Actor,
    note: str,
    restores: int | None = None,
) -> FlowSettings:
    if not note.strip():
        raise InvalidValue(_("Say why: the reason is kept with the version."), field="note")
    row = FlowSettings(
        flow=flow.name,
        version=(before.version if before else 0) + 1,
        note=note.strip()[:300],
        restores=restores,
        **values,
        **trace(by),
    )
    _check(flow, row)
    changed = {change.field for change in differences(before, row)}
    if not changed:
        return before or FlowSettings(flow=flow.name, version=0)
    if "mode" in changed and row.mode == FlowMode.LIVE:
        check_may_go_live(flow, row.steward)
    FlowSettings.objects.filter(flow=flow.name, is_active=True).update(is_active=False)
    row.save(force_insert=True)
    audit.log(
        "flow.set",
        by=by,
        about=f"flow:{flow.name}",
        data={"version": row.version, "mode": row.mode, "changed": sorted(changed), "restores": restores},
    )
    _follow(flow, row, changed)
    return row


def _check(flow: Flow, row: FlowSettings) -> None:
    if row.mode not in FlowMode.values:
        raise InvalidValue(_("There is no such mode."), field="mode")
    set_to = laid_over(flow, row)
    for name in ("every_seconds", "limit_seconds", "full_every_seconds", "escalate_after_seconds"):
        value = getattr(row, name)
        if value is not None and value < 1:
            raise InvalidValue(_("A time is at least one second; empty means the flow's own."), field=name)
    if set_to.limit < set_to.every:
        raise InvalidValue(
            _("The limit is shorter than the time between two runs: every figure would be stale."),
            field="limit_seconds",
        )
    _check_rollout(flow, row.rollout)
    _check_mapping(flow, row.mapping)
    for name in ("steward", "escalate_to"):
        _check_address(name, getattr(row, name))


def _check_rollout(flow: Flow, rollout: Any) -> None:
    if not isinstance(rollout, dict):
        raise InvalidValue(_("Name criteria with their values."), field="rollout")
    for key, values in rollout.items():
        if key not in flow.criteria:
            raise InvalidValue(
                _("%(flow)s cannot be rolled out by “%(key)s”.") % {"flow": flow.label, "key": key},
                field="rollout",
            )
        known = {value for value, _name in CRITERIA[key].choices()}
        if missing := [value for value in values if value not in known]:
            raise InvalidValue(
                _("There is no %(label)s %(values)s here.")
                % {"label": CRITERIA[key].label, "values": ", ".join(map(str, missing))},
                field="rollout",
            )


def _check_mapping(flow: Flow, mapping: Any) -> None:
    if not isinstance(mapping, dict):
        raise InvalidValue(_("Name kinds of words with what they stand for."), field="mapping")
    for kind, words in mapping.items():
        if kind not in flow.words:
            raise InvalidValue(
                _("%(flow)s has no words of the kind “%(kind)s” to map.")
                % {"flow": flow.label, "kind": kind},
                field="mapping",
            )
        ours = KINDS[kind].ours
        for theirs, word in words.items():
            if not theirs or not word or (ours is not None and word not in ours):
                raise InvalidValue(
                    _("“%(theirs)s” cannot stand for “%(word)s”: choose one of %(known)s.")
                    % {"theirs": theirs, "word": word, "known": ", ".join(sorted(ours or ()))},
                    field="mapping",
                )


def _check_address(name: str, address: str) -> None:
    try:
        if address:
            validate_email(address)
    except ValidationError as error:
        raise InvalidValue(_("“%(text)s” is no mail address.") % {"text": address}, field=name) from error


def check_may_go_live(flow: Flow, steward: str) -> None:
    """Refuse to let an order or stock flow go live while nobody would learn of its trouble (OPS-08)."""
    if not flow.is_guarded:
        return
    if flow.alert is None:
        raise InvalidValue(
            _("%(flow)s cannot go live: it has no alert rule.") % {"flow": flow.label}, field="mode"
        )
    if not steward and not any(person.email for person in all_staff_in(flow.steward)):
        raise InvalidValue(
            _("%(flow)s cannot go live: its alerts reach nobody. Name a responsible address first.")
            % {"flow": flow.label},
            field="mode",
        )


def _follow(flow: Flow, row: FlowSettings, changed: set[str]) -> None:
    """Let the rest of the installation follow at once: the next run, and how old figures may be."""
    now = timezone.now()
    if flow.is_fed and "limit_seconds" in changed:
        freshness.promise(flow.kind, timedelta(seconds=row.limit_seconds) if row.limit_seconds else None)
    if flow.feature and "mode" in changed:
        freshness.switch(flow.kind, is_on=row.mode == FlowMode.LIVE)
    state = FlowState.objects.filter(flow=flow.name)
    if changed & {"mode", "every_seconds"}:
        state.update(next_run_at=now)
    if changed & {"mapping", "rollout"} or ("mode" in changed and row.mode == FlowMode.LIVE):
        # What was left out or refused before does not move over there: only a whole reading brings it.
        state.update(full_due_at=now, next_run_at=now)
