"""Reads of processes."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.errors import NotFound
from core.models import Event
from integrations.models import FlowSettings, Process
from integrations.states import UNDER_WAY


def all_payload_of(event_key: str) -> dict[str, Any]:
    """What an event said, by its key."""
    payload: dict[str, Any] = Event.objects.values_list("payload", flat=True).get(key=event_key)
    return payload


def all_processes_of(subject: str) -> list[Process]:
    """The processes about a document with their steps, newest first; two statements."""
    return list(Process.objects.filter(subject=subject).prefetch_related("steps").order_by("-id"))


def all_processes() -> QuerySet[Process]:
    """Every run of every process with its steps."""
    return Process.objects.prefetch_related("steps")


def all_process(process_id: int) -> Process:
    """One process with its steps. Raises NotFound."""
    process = all_processes().filter(pk=process_id).first()
    if process is None:
        raise NotFound(_("There is no such process."))
    return process


def all_settings_version(flow: str) -> int:
    """The version by which a flow is set now; 0: as the code sets it."""
    active = FlowSettings.objects.filter(flow=flow, is_active=True)
    return active.values_list("version", flat=True).first() or 0


def all_newest_process(kind: str, subject: str) -> Process | None:
    """The newest run of a process about a document, None before the first."""
    return Process.objects.filter(kind=kind, subject=subject).order_by("-run").first()


def all_process_under_way(kind: str, subject: str) -> Process | None:
    """The run of a process that has not ended; at most one has not."""
    return Process.objects.filter(kind=kind, subject=subject, state__in=UNDER_WAY).first()
