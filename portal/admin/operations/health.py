"""Flows as lines of their page: the colour as a word and a mark, why, how old, what waits, what failed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.lights import BACKLOG, DEAD, ERRORS, FAILING, LATE, REJECTED, UNREAD
from integrations.models import System
from integrations.monitoring import FlowHealth
from integrations.register import NOTICED
from integrations.states import Direction, FlowMode, Light
from integrations.systems import ERP, MAIL, PIM, SUPPLIER, TAX
from portal.admin.operations.words import AgeMark, age_mark

OWNERS = {"erp": "ERP", "pim": "PIM", "us": "Accord", SUPPLIER: gettext_lazy("Supplier")}
SYSTEMS = {
    ERP: gettext_lazy("ERP"),
    PIM: gettext_lazy("PIM"),
    SUPPLIER: gettext_lazy("Suppliers"),
    MAIL: gettext_lazy("Mail server"),
    TAX: gettext_lazy("Register of tax numbers"),
}
WAYS = {Direction.IN: "←", Direction.OUT: "→", Direction.ASK: "⇄"}
# The word of a badge, by the kind of the worst reason and its colour.
WORDS = {
    (LATE, Light.RED): gettext_lazy("Over its limit"),
    (LATE, Light.AMBER): gettext_lazy("Near its limit"),
    (ERRORS, Light.RED): gettext_lazy("Too many errors"),
    (ERRORS, Light.AMBER): gettext_lazy("Some errors"),
    (BACKLOG, Light.RED): gettext_lazy("Too much waits"),
    (BACKLOG, Light.AMBER): gettext_lazy("Much waits"),
    (DEAD, Light.RED): gettext_lazy("Dead letter"),
    (REJECTED, Light.AMBER): gettext_lazy("Rows rejected"),
    (FAILING, Light.AMBER): gettext_lazy("Tries again"),
    (UNREAD, Light.AMBER): gettext_lazy("Not read yet"),
}
TONES = {Light.RED: "bad", Light.AMBER: "warn", Light.GREEN: "ok", Light.OFF: "out"}
ICONS = {
    Light.RED: "alert-octagon",
    Light.AMBER: "alert-triangle",
    Light.GREEN: "check",
    Light.OFF: "player-pause",
}
EDGES = {Light.RED: "edge-bad", Light.AMBER: "edge-warn"}


@dataclass(frozen=True)
class FlowLine:
    """A flow as a line. why: its reasons in words; those of a badge that says it all are left out."""

    health: FlowHealth
    owner: str
    way: str
    age: AgeMark | None
    badge: str
    tone: str
    icon: str
    edge: str
    why: tuple[str, ...]
    mode: str
    mode_tone: str

    @property
    def noticed(self) -> str:
        """What buyers would notice of it, "" when nothing (INT-54)."""
        return str(NOTICED.get(self.health.flow.name, ""))

    @property
    def drift(self) -> int:
        """Rows that differ from the other side's: not taken over, or found by a shadow run."""
        return self.health.differs + self.health.standing.rejected


def line_of(health: FlowHealth, now: datetime) -> FlowLine:
    """The line of a flow."""
    light, first = health.light, health.reasons[0] if health.reasons else None
    mode, mode_tone = _mode(health)
    if light == Light.OFF:
        badge = mode if health.is_paused or health.set_to.mode != FlowMode.LIVE else _("At rest")
    else:
        badge = str(WORDS[first.kind, light]) if first else _("Healthy")
    return FlowLine(
        health=health,
        owner=str(OWNERS.get(health.flow.owner, health.flow.owner)),
        way=WAYS[health.flow.direction],
        age=_age(health, now),
        badge=badge,
        tone=TONES[light],
        icon=ICONS[light],
        edge=EDGES.get(light, ""),
        why=tuple(reason.words for reason in health.reasons if reason.words != badge),
        mode=mode,
        mode_tone=mode_tone,
    )


def _mode(health: FlowHealth) -> tuple[str, str]:
    if health.is_paused:
        return _("Paused"), "out"
    mode = health.set_to.mode
    if mode == FlowMode.LIVE and health.set_to.rollout:
        return _("Live for some"), "work"
    return str(mode.label), "" if mode == FlowMode.LIVE else "out"


def _age(health: FlowHealth, now: datetime) -> AgeMark | None:
    age = health.standing.age
    if age is None or (health.flow.direction == Direction.OUT and not health.standing.backlog):
        return None
    return age_mark(now - age, health.set_to.limit, now=now)


@dataclass(frozen=True)
class SystemGroup:
    """The flows of a system, with what is known of the system itself. rests: its times of rest, in words."""

    key: str
    name: str
    system: System | None
    lines: list[FlowLine]
    rests: str = ""


def groups_of(lines: list[FlowLine], rests: dict[str, str]) -> list[SystemGroup]:
    """The lines by system, the systems as they are named in the code."""

    def key(line: FlowLine) -> str:
        return line.health.flow.system

    order = list(SYSTEMS)
    found = sorted(lines, key=lambda line: order.index(key(line)))
    return [
        SystemGroup(name, str(SYSTEMS[name]), group[0].health.system, group, rests.get(name, ""))
        for name, group in ((name, list(members)) for name, members in groupby(found, key))
    ]


VIEWS: dict[str, Light | None] = {"": None, "red": Light.RED, "amber": Light.AMBER, "off": Light.OFF}


@dataclass(frozen=True)
class View:
    """A filter of the page with how many it shows."""

    key: str
    words: str
    count: int
    tone: str
    is_on: bool


def views_of(lines: list[FlowLine], wanted: str) -> list[View]:
    """The filters: all, and by colour."""
    counts = Counter(line.health.light for line in lines)
    words = {"": _("All"), "red": _("Act now"), "amber": _("Look soon"), "off": _("Nothing expected")}
    tones = {"red": "bad", "amber": "warn"}
    found = []
    for key, light in VIEWS.items():
        count = counts[light] if light else len(lines)
        found.append(View(key, words[key], count, tones.get(key, "") if count else "", key == wanted))
    return found


def shown_by(lines: list[FlowLine], wanted: str) -> list[FlowLine]:
    """The lines that a filter lets through."""
    light = VIEWS.get(wanted)
    return [line for line in lines if light is None or line.health.light == light]


def summary(lines: list[FlowLine]) -> str:
    """How the flows are, in one sentence."""
    counts = Counter(line.health.light for line in lines)
    parts = [
        (counts[Light.RED], _("%(n)s to act on")),
        (counts[Light.AMBER], _("%(n)s to look at soon")),
        (counts[Light.GREEN], _("%(n)s healthy")),
        (counts[Light.OFF], _("%(n)s from which nothing is expected")),
    ]
    told = ", ".join(words % {"n": count} for count, words in parts if count)
    return _("%(count)s flows: %(told)s.") % {"count": len(lines), "told": told}
