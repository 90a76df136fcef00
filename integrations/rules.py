"""Who goes first, when to try again, when to give up, when to leave a system alone: pure rules of the relay.

Source: INT-06, INT-26, INT-47.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from integrations.states import DeliveryState, ErrorClass, Lane

# Of a claimed batch, in which all its calls have ended or what is left is given back.
LEASE = timedelta(seconds=100)

FIRST_DELAY = 1.0
LONGEST_DELAY = 300.0
MOST_ATTEMPTS = 20
MOST_LOST = 5

FIRST_PROBE = 2.0
LONGEST_PROBE = 30.0
FAILURES_TO_PAUSE = 3


def retry_delay(attempts: int, *, chance: float, retry_after: float | None = None) -> timedelta:
    """How long to wait after the n-th failed attempt: doubling from 1 s to 5 min, half of it by chance.

    chance: 0 to 1, spreads those that failed together. retry_after: what the other side asked for,
    in seconds; never less than that.
    """
    ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempts - 1, 30))
    seconds = ceiling / 2 + ceiling / 2 * chance
    return timedelta(seconds=max(seconds, retry_after or 0))


def state_after(error_class: ErrorClass | str, attempts: int) -> DeliveryState:
    """What becomes of a delivery whose attempt failed: tried again, or buried for a person.

    Only what can heal is tried again. An unknown outcome is asked for and does heal.
    """
    heals = error_class in (ErrorClass.TRANSIENT, ErrorClass.UNKNOWN)
    return DeliveryState.WAITING if heals and attempts < MOST_ATTEMPTS else DeliveryState.BURIED


def lanes_open(on_the_way: Sequence[Lane], parallel: int) -> tuple[Lane, ...]:
    """Which lanes a destination takes more of; none when as many batches are on their way as it bears.

    on_the_way: the last lane of each batch there is. Bulk never takes all ways at once: the last one
    is left for what is urgent. Where there is but one way, the urgent is the next on it.
    """
    if len(on_the_way) >= parallel:
        return ()
    bulk = sum(lane == Lane.BULK for lane in on_the_way)
    return tuple(lane for lane in Lane if lane != Lane.BULK or parallel == 1 or bulk < parallel - 1)


def pauses_system(failures: int, *, is_absent: bool) -> bool:
    """Whether a system is to be left alone: it was not there at all, or failed some times in a row."""
    return is_absent or failures >= FAILURES_TO_PAUSE


def probe_delay(failures: int) -> timedelta:
    """How long until a paused system is asked again whether it is there."""
    return timedelta(seconds=min(LONGEST_PROBE, FIRST_PROBE * 2.0 ** min(max(failures - 1, 0), 10)))


def own_channels(system: str) -> str:
    """What the channels of a system's flows begin with: its own news is not told to it (INT-04).

    The flows of a system are named after it, `flow:<system>.<what>`.
    """
    return f"flow:{system}."


@dataclass(frozen=True)
class Rest:
    """A time in which a system is not to be expected: every week on these days, or once.

    weekdays: 0 is Monday, the day on which it begins. starts, ends: by the clock of the system's
    zone; past midnight when it ends before it starts, a whole day when they are the same. since,
    until: the one time.
    """

    weekdays: Collection[int] = ()
    starts: time | None = None
    ends: time | None = None
    since: datetime | None = None
    until: datetime | None = None


def rest_at(rest: Rest, now: datetime, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """From when until when the system rests if it does so now; half-open, as moments.

    An hour that the clock skips or repeats makes a weekly rest shorter or longer: the clock on the wall
    counts. Source: INT-47.
    """
    if rest.since is not None and rest.until is not None:
        return (rest.since, rest.until) if rest.since <= now < rest.until else None
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        if day.weekday() in rest.weekdays:
            since, until = _on(rest, day, zone)
            if since <= now < until:
                return since, until
    return None


def _on(rest: Rest, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    starts, ends = rest.starts or time(), rest.ends or time()
    last = day if ends > starts else day + timedelta(days=1)
    # As moments: two times of one zone are compared and subtracted by their clocks. The second of two equal
    # hours is meant at the end: who rests until half past two in the night of the change rests both.
    since = datetime.combine(day, starts, zone).astimezone(UTC)
    return since, datetime.combine(last, ends, zone).replace(fold=1).astimezone(UTC)
