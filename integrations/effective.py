"""How each flow is set just now: what flows.py says, with the version in force laid over it (INT-64)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.tolerance import Tolerance, parse_tolerance
from integrations.flows import FLOWS, Flow
from integrations.models import FlowSettings
from integrations.states import FlowMode


@dataclass(frozen=True)
class Effective:
    """A flow as it is to run now. version: 0 while nobody has changed anything.

    rollout: whom it is live for, empty is everybody. steward,
    escalate_to: mail addresses, "" for the people of the role that the flow names.
    """

    flow: Flow
    version: int
    mode: FlowMode
    every: timedelta
    limit: timedelta
    full_every: timedelta | None
    tolerance: Tolerance
    most_gone: Tolerance
    rollout: Mapping[str, list[str]]
    mapping: Mapping[str, Mapping[str, str]]
    steward: str
    escalate_to: str
    escalate_after: timedelta

    @property
    def is_live(self) -> bool:
        """Whether it changes what it is about, at least for some."""
        return self.mode == FlowMode.LIVE


def effective(name: str) -> Effective:
    """One flow as it is set now. Raises KeyError for an unknown one. One statement."""
    return laid_over(FLOWS[name], FlowSettings.objects.filter(flow=name, is_active=True).first())


def all_effective() -> dict[str, Effective]:
    """Every flow as it is set now. One statement."""
    rows = {row.flow: row for row in FlowSettings.objects.filter(is_active=True)}
    return {name: laid_over(flow, rows.get(name)) for name, flow in FLOWS.items()}


def all_held() -> set[str]:
    """The flows through which nothing passes just now by their settings. One statement."""
    rows = FlowSettings.objects.filter(is_active=True, mode=FlowMode.HELD)
    return set(rows.values_list("flow", flat=True))


def laid_over(flow: Flow, row: FlowSettings | None) -> Effective:
    """A flow with a version of its settings; None: as it stands in the code."""
    row = row or FlowSettings(flow=flow.name, version=0)
    return Effective(
        flow=flow,
        version=row.version,
        mode=FlowMode(row.mode),
        every=_time(row.every_seconds) or flow.every,
        limit=_time(row.limit_seconds) or flow.limit,
        full_every=_time(row.full_every_seconds) or flow.full_every,
        tolerance=parse_tolerance(row.tolerance) if row.tolerance else flow.tolerance,
        most_gone=parse_tolerance(row.most_gone, field="most_gone") if row.most_gone else flow.most_gone,
        rollout=row.rollout,
        mapping=row.mapping,
        steward=row.steward,
        escalate_to=row.escalate_to,
        escalate_after=_time(row.escalate_after_seconds) or flow.escalation.second,
    )


def _time(seconds: int | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds else None


# The fields of a version that people set, as the page names them.
FIELDS = (
    "mode",
    "every_seconds",
    "limit_seconds",
    "full_every_seconds",
    "tolerance",
    "most_gone",
    "rollout",
    "mapping",
    "steward",
    "escalate_to",
    "escalate_after_seconds",
)


def values_of(row: FlowSettings | None) -> dict[str, Any]:
    """What a version sets, by field; that of version 0 sets nothing."""
    row = row or FlowSettings(version=0)
    return {name: getattr(row, name) for name in FIELDS}


@dataclass(frozen=True)
class Change:
    """A field that two versions set differently."""

    field: str
    before: Any
    after: Any


def differences(before: FlowSettings | None, after: FlowSettings | None) -> list[Change]:
    """What a version sets otherwise than another; None is version 0."""
    old, new = values_of(before), values_of(after)
    return [Change(name, old[name], new[name]) for name in FIELDS if old[name] != new[name]]
