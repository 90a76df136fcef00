"""Everything that happened to an order, in one list: its request, its quote, itself, and the ERP's word."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.models import Event
from orders.models import Order
from orders.queries.wording import WORDINGS, Wording

SOURCES = {"portal": _("Portal"), "erp": _("ERP"), "pim": _("PIM"), "hub": _("Hub")}
# What one action writes about several documents is told from the request on.
RANK = {"rfq": 0, "quote": 1, "order": 2}


@dataclass(frozen=True)
class TimelineRow:
    """One thing that happened. source: portal, erp, pim or hub; person: who, empty for machines.

    text and note: in the reader's language. tone: good, work, warn, bad or empty. kind: the event.
    details: its payload, for staff.
    """

    at: datetime
    source: str
    text: str
    note: str
    kind: str
    tone: str
    person: str
    subject: str
    correlation_id: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def source_name(self) -> str:
        """The word for the source."""
        return str(SOURCES.get(self.source, self.source))


def timeline_of(order: Order, *, for_staff: bool = False) -> list[TimelineRow]:
    """What happened, newest first, each with its source and person (ORD-21, QTE-18).

    for_staff: with what a buyer is not told. Two statements.
    """
    subjects = [order.subject]
    if order.origin == "quote":
        subjects.append(f"quote:{order.origin_ref}")
    events = list(Event.objects.filter(subject__in=subjects))
    request = next((event.payload["rfq_number"] for event in events if event.payload.get("rfq_number")), "")
    if request:
        events += Event.objects.filter(subject=f"rfq:{request}")
    return rows_of(events, for_staff=for_staff)


def rows_of(events: list[Event], *, for_staff: bool = False) -> list[TimelineRow]:
    """Events as rows of a timeline, newest first; what has no words is for staff alone."""
    rows = []
    for event in sorted(events, key=_place, reverse=True):
        wording = WORDINGS.get(event.name) or Wording(_named(event.name), is_internal=True)
        if for_staff or not wording.is_internal:
            rows.append(_row(event, wording, for_staff))
    return rows


def _named(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda payload: name


def _place(event: Event) -> tuple[datetime, int, int]:
    noun = event.subject.partition(":")[0]
    return event.occurred_at.replace(microsecond=0), RANK.get(noun, 2), event.pk


def _row(event: Event, wording: Wording, for_staff: bool) -> TimelineRow:
    note = wording.internal_note if for_staff and wording.internal_note else wording.note
    return TimelineRow(
        at=event.occurred_at,
        source=event.source,
        text=wording.title(event.payload),
        note=note(event.payload),
        kind=event.name,
        tone=wording.tone,
        person=event.actor_label if event.actor_user_id else "",
        subject=event.subject,
        correlation_id=event.correlation_id,
        details=event.payload if for_staff else {},
    )
