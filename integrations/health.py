"""How the installation is: database, migrations, worker, flows and the systems behind them."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from core.models import Case, CaseState, Event
from integrations import heartbeat
from integrations.actions.alerts import ALARMS
from integrations.flows import in_order
from integrations.models import FlowState, System

# The canary runs every few seconds, but may wait for the longest tasks.
SPARE = timedelta(seconds=30)


@dataclass(frozen=True)
class Health:
    """What /healthz tells. unsent_seconds: age of the oldest event that no one has picked up.

    alarms: flows that somebody has to look after; like other systems' trouble it does not make us unwell.
    """

    has_migrations: bool
    worker_seconds: float | None
    unsent_seconds: float
    is_synchronised: bool
    systems: dict[str, str]
    alarms: int = 0

    @property
    def is_well(self) -> bool:
        """Whether people can work here; other systems' trouble does not count."""
        limit = settings.Q_CLUSTER["timeout"] + SPARE.total_seconds()
        alive = self.worker_seconds is not None and self.worker_seconds < limit
        return self.has_migrations and alive and (self.is_synchronised or not settings.DEMO)

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {
            "status": "ok" if self.is_well else "not ready",
            "database": "ok",
            "migrations": "ok" if self.has_migrations else "missing",
            "worker": {"last_seen_seconds": self.worker_seconds},
            "outbox": {"oldest_unsent_seconds": self.unsent_seconds},
            "first_synchronisation": "done" if self.is_synchronised else "not done",
            "systems": self.systems,
            "flows": {"alarms": self.alarms},
        }


def report() -> Health:
    """Look at everything once. Raises DatabaseError when the database does not answer."""
    if not _has_migrations():
        return Health(
            has_migrations=False, worker_seconds=None, unsent_seconds=0.0, is_synchronised=False, systems={}
        )
    now = timezone.now()
    canary = heartbeat.canary_age(settings.Q_CLUSTER["name"])
    oldest = (
        Event.objects.filter(dispatched_at=None).order_by("id").values_list("recorded_at", flat=True).first()
    )
    read = FlowState.objects.filter(flow__in=[flow.name for flow in in_order()])
    states = read.values_list("last_success_at", flat=True)
    return Health(
        has_migrations=True,
        worker_seconds=round(canary.total_seconds(), 1) if canary is not None else None,
        unsent_seconds=round((now - oldest).total_seconds(), 1) if oldest else 0.0,
        is_synchronised=bool(states) and all(states),
        systems={system.key: "down" if system.down_since else "ok" for system in System.objects.all()},
        alarms=Case.objects.filter(state=CaseState.OPEN, kind__in=ALARMS).count(),
    )


def _has_migrations() -> bool:
    try:
        _see_migrations_in()
    except MigrationsMissing:
        return False
    return True


class MigrationsMissing(Exception):
    """The database is older than this code."""


@cache
def _see_migrations_in() -> None:
    """Compare until it is true once (a refusal is not kept): what is in stays in while this code runs."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MigrationsMissing
