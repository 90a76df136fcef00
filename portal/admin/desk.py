"""The first page of the back office: what waits for this person, by role."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Task:
    """One thing that waits for somebody.

    kind and icon: what sort of work. why: one sentence. amount: with currency, "" when unknown.
    until: by when, in words. edge: "" ordinary, "edge" soon, "edge-bad" late.
    """

    kind: str
    icon: str
    href: str
    title: str
    why: str
    verb: str
    amount: str = ""
    until: str = ""
    edge: str = ""


@dataclass(frozen=True)
class Panel:
    """A group of tasks, or the sentence that says why there are none.

    total: how many there are in all, when `tasks` shows only the first.
    """

    title: str
    tasks: list[Task] = field(default_factory=list)
    total: int = 0
    href: str = ""
    empty: str = ""
    empty_note: str = ""


@dataclass(frozen=True)
class Fact:
    """One figure of the strip: label, the figure, its context."""

    label: str
    figure: str
    note: str = ""


# Each takes the request and answers facts and panels of this person's role; nothing for others. By
# name, because the theme's settings name this module before the apps are ready.
SOURCES = [
    "portal.admin.sales.desk.work_of",
    "portal.admin.finance.work_of",
    "portal.admin.operations.work.work_of",
]


def desk(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add facts and panels of this person's own work to the context of the admin's first page."""
    facts: list[Fact] = []
    panels: list[Panel] = []
    for source in SOURCES:
        more_facts, more_panels = import_string(source)(request)
        facts += more_facts
        panels += more_panels
    context["facts"], context["panels"] = facts, panels
    return context
