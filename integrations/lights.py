"""What is wrong with a flow, in words, and which colour that is: pure rules of the monitor.

Source: INT-05, INT-47, ORD-03.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.states import Direction, Light

LATE, ERRORS, BACKLOG = "flow_late", "flow_errors", "flow_backlog"
DEAD, FAILING, REJECTED, UNREAD, OFF = "dead", "failing", "rejected", "unread", "off"

# From this part of a limit on, somebody should look soon.
SOON = 0.8
# So few errors are no rate: one refused call of two would be a half.
FEWEST_ERRORS = 3
WORST = {Light.RED: 0, Light.AMBER: 1, Light.OFF: 2, Light.GREEN: 3}


@dataclass(frozen=True)
class Bounds:
    """What is allowed. limit: of the age; alarm_age: from when on somebody is told; error_percent and backlog too."""

    limit: timedelta
    alarm_age: timedelta
    error_percent: int
    backlog: int


@dataclass(frozen=True)
class Standing:
    """What is known of a flow now.

    age: of its figures, or of the oldest message that waits, without the time in which its system
    rested; None when nothing was read yet, or age says nothing of it. tried, failed: rows, calls or
    questions of the last hour. failures: runs in a row that did not come through, the last with
    last_error. dead: messages that need a person. rejected: rows not taken over. off: why nothing is
    expected of it, "" when something is. away: that its system does not answer, as half a sentence. is_read:
    whether it has ever come through; True for what is not read by a schedule.
    """

    direction: Direction
    age: timedelta | None = None
    backlog: int = 0
    tried: int = 0
    failed: int = 0
    failures: int = 0
    last_error: str = ""
    dead: int = 0
    rejected: int = 0
    off: str = ""
    away: str = ""
    is_read: bool = True

    @property
    def error_percent(self) -> float | None:
        """The share of what failed in the last hour; None when nothing was tried."""
        return self.failed / self.tried * 100 if self.tried else None


@dataclass(frozen=True)
class Reason:
    """Why a flow is not green. kind: of the case that it opens when it is an alarm."""

    kind: str
    light: Light
    words: str
    is_alarm: bool = False


def alarm_age(age: timedelta, *, agreed: timedelta, limit: timedelta) -> timedelta:
    """From which age on somebody is told, when the limit is set otherwise than the flow agreed it.

    The two keep their proportion: who halves the limit wants to know in half the time.
    """
    return age * (limit / agreed) if agreed else age


def light_of(reasons: Iterable[Reason]) -> Light:
    """The colour of a flow: that of its worst reason; one that is off stays off."""
    lights = [reason.light for reason in reasons]
    if Light.OFF in lights:
        return Light.OFF
    return min(lights, key=WORST.__getitem__, default=Light.GREEN)


def reasons_of(now: Standing, bounds: Bounds) -> list[Reason]:
    """What is wrong with a flow, the worst first; nothing when it is healthy.

    What is off has no pace to be wrong. A system that is away is told once, by a case of its own: of the flows
    that wait for it only those that go out are alarms besides, for they are our promise. Source: ORD-03, INT-47.
    """
    if now.off:
        return [Reason(OFF, Light.OFF, now.off), *_leftovers(now)]
    told_elsewhere = bool(now.away) and now.direction != Direction.OUT
    found = [
        _late(now, bounds),
        _errors(now, bounds),
        _backlog(now, bounds),
    ]
    reasons = [
        Reason(one.kind, one.light, one.words, one.is_alarm and not told_elsewhere) for one in found if one
    ]
    reasons += _leftovers(now) + _failing(now)
    return sorted(reasons, key=lambda reason: WORST[reason.light])


def _late(now: Standing, bounds: Bounds) -> Reason | None:
    if now.age is None or now.direction == Direction.ASK or now.age < bounds.limit * SOON:
        return None
    words = (
        _("The oldest message waits for %(age)s, the limit is %(limit)s")
        if now.direction == Direction.OUT
        else _("Its figures are %(age)s old, the limit is %(limit)s")
    ) % {"age": in_words(now.age), "limit": in_words(bounds.limit)}
    if now.away:
        words = f"{words}; {now.away}"
    light = Light.RED if now.age > bounds.limit else Light.AMBER
    return Reason(LATE, light, words, is_alarm=now.age > max(bounds.alarm_age, bounds.limit))


def _errors(now: Standing, bounds: Bounds) -> Reason | None:
    share = now.error_percent
    if not now.failed or share is None:
        return None
    form = {
        Direction.IN: _("%(failed)s of %(tried)s rows were not taken over in the last hour"),
        Direction.OUT: _("%(failed)s of %(tried)s tries failed in the last hour"),
        Direction.ASK: _("%(failed)s of %(tried)s questions were not answered in the last hour"),
    }[now.direction]
    words = form % {"failed": now.failed, "tried": now.tried}
    is_over = share > bounds.error_percent and now.failed >= FEWEST_ERRORS
    if is_over:
        words += _(", more than %(percent)s %%") % {"percent": bounds.error_percent}
    return Reason(ERRORS, Light.RED if is_over else Light.AMBER, words, is_alarm=is_over)


def _backlog(now: Standing, bounds: Bounds) -> Reason | None:
    if not bounds.backlog or now.backlog < bounds.backlog * SOON:
        return None
    words = _("%(count)s messages wait, %(most)s are usual at most") % {
        "count": now.backlog,
        "most": bounds.backlog,
    }
    is_over = now.backlog > bounds.backlog
    return Reason(BACKLOG, Light.RED if is_over else Light.AMBER, words, is_alarm=is_over)


def _leftovers(now: Standing) -> list[Reason]:
    """What waits for a person and has a case of its own already."""
    found = []
    if now.dead:
        words = ngettext(
            "%(count)s dead letter needs a person", "%(count)s dead letters need a person", now.dead
        )
        found.append(Reason(DEAD, Light.RED, words % {"count": now.dead}))
    if now.rejected and not now.failed:
        words = ngettext(
            "%(count)s row was not taken over", "%(count)s rows were not taken over", now.rejected
        )
        found.append(Reason(REJECTED, Light.AMBER, words % {"count": now.rejected}))
    return found


def _failing(now: Standing) -> list[Reason]:
    if now.failures:
        words = ngettext(
            "The last run did not come through: %(error)s",
            "%(count)s runs in a row did not come through: %(error)s",
            now.failures,
        ) % {"count": now.failures, "error": now.last_error}
        return [Reason(FAILING, Light.AMBER, words)]
    return [] if now.is_read else [Reason(UNREAD, Light.AMBER, _("It has not been read yet"))]


def in_words(length: timedelta) -> str:
    """A length of time in two units at most: `22 min`, `1 h 52 min`, `3 d 4 h`."""
    seconds = max(int(length.total_seconds()), 0)
    minutes = seconds // 60
    days, hours, left = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        pieces = [(days, _("d")), (hours, _("h"))]
    elif hours:
        pieces = [(hours, _("h")), (left, _("min"))]
    elif minutes:
        pieces = [(minutes, _("min"))]
    else:
        return f"{seconds} {_('s')}"
    return " ".join(f"{number} {word}" for number, word in pieces if number)
