"""What happened around a case: the facts of its subject and the steps of people, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.models import Case, CaseStep
from core.queries import all_events_of, all_steps_of
from orders.queries.timeline import TimelineRow, rows_of
from portal.admin.operations.words import step_words
from portal.audit_words import action_words

SOURCES = {"portal": "Accord", "us": "Accord", "erp": "ERP", "pim": "PIM", "hub": "Accord"}


@dataclass(frozen=True)
class Happening:
    """One line of the story. tone: good, warn, bad or none; system: where the fact comes from."""

    at: datetime
    title: str
    note: str
    who: str
    system: str
    system_name: str
    tone: str = ""


def story_of(case: Case) -> list[Happening]:
    """Everything about a case in one list, newest first."""
    steps = [_step(step) for step in all_steps_of(case)]
    events = [_event(row) for row in rows_of(all_events_of(case.subject), for_staff=True)]
    return sorted([*steps, *events], key=lambda row: row.at, reverse=True)


def evidence_of(evidence: dict[str, Any]) -> list[tuple[str, str]]:
    """The evidence of a case as pairs of words; nested values stay as they came."""
    return [
        (name.replace("_", " "), str(value)) for name, value in evidence.items() if value not in ("", None)
    ]


def _step(step: CaseStep) -> Happening:
    tones = {"opened": "bad", "closed": "good", "repaired": "work"}
    system = step.source if step.source in SOURCES else "hub"
    return Happening(
        step.at,
        step_words(step.kind),
        step.reason,
        step.actor_label,
        system,
        SOURCES[system],
        tones.get(step.kind, ""),
    )


def _event(row: TimelineRow) -> Happening:
    is_name = "." in row.text and " " not in row.text  # nothing has words for it in a document's story
    text = action_words(row.text) if is_name else row.text
    return Happening(row.at, text, row.note, row.person, row.source, row.source_name, row.tone)
