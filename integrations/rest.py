"""Which systems rest now, and until when: what waits for them meanwhile is no alarm (INT-47)."""

from datetime import datetime

from core import freshness
from core.days import erp_zone
from integrations.flows import FLOWS
from integrations.models import SystemWindow
from integrations.rules import Rest, rest_at


def all_rests(now: datetime) -> dict[str, tuple[datetime, datetime]]:
    """The systems that rest now, with from when until when; the widest where windows overlap. One statement."""
    rests: dict[str, tuple[datetime, datetime]] = {}
    for window in SystemWindow.objects.filter(is_active=True):
        span = rest_at(rest_of(window), now, erp_zone())
        if span is not None:
            known = rests.get(window.system, span)
            rests[window.system] = (min(known[0], span[0]), max(known[1], span[1]))
    return rests


def rest_of(window: SystemWindow) -> Rest:
    """The rule of a window's row."""
    return Rest(
        weekdays=frozenset(window.weekdays),
        starts=window.starts,
        ends=window.ends,
        since=window.from_at,
        until=window.until_at,
    )


def resting_systems(now: datetime) -> set[str]:
    """The systems that are not to be expected now."""
    return set(all_rests(now))


def is_resting(system: str, now: datetime) -> bool:
    """Whether a system is not to be expected now."""
    return system in all_rests(now)


def note_rests(now: datetime) -> None:
    """Keep the time in which a system rests from making its figures older."""
    rests = all_rests(now)
    for system, (since, until) in rests.items():
        freshness.note_rest(_kinds_of({system}), since, until)
    freshness.end_rests(_kinds_of({flow.system for flow in FLOWS.values()} - set(rests)), now)


def _kinds_of(systems: set[str]) -> list[str]:
    return [flow.kind for flow in FLOWS.values() if flow.system in systems]
