"""How old a figure of another system may be before it is called stale (INV-11, INT-05).

A flow that has read everything up to a moment notes it here, even when no row had changed: what
a row shows as its age is the later of the two. The hub states the limits at start, from its flows; people may set
others, for everybody or for a segment of companies, whose pages and orders are then judged by it (ACC-15).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.models import Freshness

_limits: dict[str, timedelta] = {}


@dataclass(frozen=True)
class Promise:
    """What people have set for a kind of figure. limit: None where the flow's own counts.

    rest: from when until when its owner was last not to be expected. is_off: it is not shown at all.
    segments: {key of a segment: the limit for the companies in it}.
    """

    limit: timedelta | None = None
    rest: tuple[datetime, datetime] | None = None
    is_off: bool = False
    segments: Mapping[str, timedelta] = field(default_factory=dict)

    def strictest(self, segments: Collection[str]) -> tuple[str, timedelta] | None:
        """The shortest limit of these segments with the segment it comes from, None when none has one."""
        found = [(key, limit) for key, limit in self.segments.items() if key in segments]
        return min(found, key=lambda pair: (pair[1], pair[0]), default=None)

    def rested(self, since: datetime, until: datetime) -> timedelta:
        """How much of the time between two moments was a time of rest."""
        if self.rest is None:
            return timedelta()
        return max(min(self.rest[1], until) - max(self.rest[0], since), timedelta())


# As the last statement of `read_up_to` found them: every page asks for it, so none needs one more.
_promises: dict[str, Promise] = {}


class _Judge:
    """For whom figures are judged now: the segments of a company, read when a limit of a segment asks for them."""

    def __init__(self, read: Callable[[], Collection[str]]) -> None:
        self._read = read
        self._segments: Collection[str] | None = None

    @property
    def segments(self) -> Collection[str]:
        if self._segments is None:
            self._segments = self._read()
        return self._segments


_judge: ContextVar[_Judge | None] = ContextVar("freshness_judge", default=None)


@contextmanager
def judged_for(segments: Callable[[], Collection[str]]) -> Iterator[None]:
    """Judge ages for a company within this block. segments: reads which it is in, at most once, if that matters."""
    token = _judge.set(_Judge(segments))
    try:
        yield
    finally:
        _judge.reset(token)


def set_limits(limits: dict[str, timedelta]) -> None:
    """State the limit of each kind of figure: stock, prices, credit, orders, invoices, products."""
    _limits.update(limits)


def limit_of(kind: str) -> timedelta | None:
    """The limit of a kind of figure for whom is judged now, None when nobody promised one."""
    promise, judge = _promises.get(kind), _judge.get()
    if promise and promise.segments and judge and (found := promise.strictest(judge.segments)):
        return found[1]
    return usual_limit(kind)


def usual_limit(kind: str) -> timedelta | None:
    """The limit of a kind of figure for everybody whom no segment gives another."""
    promise = _promises.get(kind)
    return promise.limit if promise and promise.limit else _limits.get(kind)


def note(kind: str, as_of: datetime) -> None:
    """Everything of this kind has been read up to `as_of`, by the source's clock."""
    older = Q(as_of=None) | Q(as_of__lt=as_of)
    changed = Freshness.objects.filter(kind=kind).filter(older).update(as_of=as_of)
    if not changed:
        Freshness.objects.bulk_create([Freshness(kind=kind, as_of=as_of)], ignore_conflicts=True)


@transaction.atomic
def promise(kind: str, limit: timedelta | None) -> None:
    """Set how old a kind of figure may be; None: what its flow says. Every process follows with its next page."""
    _rows([kind]).update(limit_seconds=int(limit.total_seconds()) if limit else None)


@transaction.atomic
def promise_segments(kind: str, limits: Callable[[], Mapping[str, timedelta]]) -> None:
    """Set how old a kind of figure may be for the companies of segments; all others have none.

    limits: reads them, {key: limit}, once nobody else is at those of this kind.
    """
    row = _rows([kind]).select_for_update(no_key=True).get()
    row.segment_limits = {key: int(limit.total_seconds()) for key, limit in limits().items()}
    row.save(update_fields=["segment_limits"])


def segment_limits(segments: Collection[str]) -> dict[str, tuple[str, timedelta]]:
    """What holds for companies of these segments, {kind: (the segment that decides, its limit)}.

    As the last `read_up_to` found it.
    """
    told = {kind: promise.strictest(segments) for kind, promise in _promises.items()}
    return {kind: found for kind, found in told.items() if found}


def limits_judged() -> tuple[tuple[str, timedelta], ...]:
    """The limits that differ for whom is judged now, for the key of what is kept of a page."""
    judge = _judge.get()
    if judge is None or not any(promise.segments for promise in _promises.values()):
        return ()
    return tuple((kind, limit) for kind, (_key, limit) in sorted(segment_limits(judge.segments).items()))


@transaction.atomic
def switch(kind: str, *, is_on: bool) -> None:
    """Let a kind of figure be shown, or not: what is not shown is not late either (OPS-09)."""
    _rows([kind]).update(is_off=not is_on)


def rested(kind: str, since: datetime, until: datetime) -> timedelta:
    """How long the owner of a kind of figure was not to be expected between two moments.

    Of the newest rest alone, as the last `read_up_to` found it.
    """
    return _promises.get(kind, Promise()).rested(since, until)


def kinds_off() -> frozenset[str]:
    """The kinds that are not shown, as the last `read_up_to` found them."""
    return frozenset(kind for kind, promise in _promises.items() if promise.is_off)


@transaction.atomic
def note_rest(kinds: Iterable[str], since: datetime, until: datetime) -> None:
    """State the time in which the owner of these figures is not to be expected (INT-47)."""
    news = _rows(kinds).filter(~Q(rests_from=since, rests_until=until) | Q(rests_from=None))
    # A write renames the state of the ages even when it meets no row, and this is asked every second.
    if news.exists():
        news.update(rests_from=since, rests_until=until)


def end_rests(kinds: Iterable[str], now: datetime) -> None:
    """A rest that was called off does not go on; one that is over stays as it was."""
    under_way = Freshness.objects.filter(kind__in=list(kinds), rests_until__gt=now)
    if under_way.exists():
        under_way.update(rests_until=now)


def _rows(kinds: Iterable[str]) -> QuerySet[Freshness]:
    names = list(kinds)
    rows = Freshness.objects.filter(kind__in=names)
    if rows.count() < len(names):
        Freshness.objects.bulk_create([Freshness(kind=name) for name in names], ignore_conflicts=True)
    return rows


def read_up_to() -> dict[str, datetime]:
    """Per kind that is shown, the moment up to which everything has been read. One statement."""
    global _promises
    rows = list(Freshness.objects.all())
    _promises = {row.kind: _promise_of(row) for row in rows}
    return {row.kind: row.as_of for row in rows if row.as_of and not row.is_off}


def _promise_of(row: Freshness) -> Promise:
    limit = timedelta(seconds=row.limit_seconds) if row.limit_seconds else None
    rest = (row.rests_from, row.rests_until) if row.rests_from and row.rests_until else None
    segments = {key: timedelta(seconds=seconds) for key, seconds in row.segment_limits.items()}
    return Promise(limit, rest, row.is_off, segments)


def later(row_as_of: datetime | None, kind_as_of: datetime | None) -> datetime | None:
    """The age that a figure shows: its own, or that of the last complete reading."""
    known = [moment for moment in (row_as_of, kind_as_of) if moment is not None]
    return max(known, default=None)


def is_stale(kind: str, as_of: datetime | None, *, now: datetime | None = None) -> bool:
    """Whether a figure is older than its limit; a figure without a time is stale.

    The time in which its owner rested does not count; what is not shown is not stale.
    """
    promise, limit = _promises.get(kind, Promise()), limit_of(kind)
    if promise.is_off:
        return False
    if as_of is None:
        return True
    now = now or timezone.now()
    return limit is not None and now - as_of - promise.rested(as_of, now) > limit


def turns_at(kind: str, as_of: datetime | None, *, now: datetime) -> datetime | None:
    """When what is said of a figure may change by time alone: it turns stale, or its age grows by a minute.

    None: never before the day ends.
    """
    limit = limit_of(kind)
    if as_of is None or limit is None:
        return None
    late = as_of + limit
    if now <= late:
        return late
    rested = late + _promises.get(kind, Promise()).rested(as_of, now)
    grown = now + timedelta(minutes=1) - (now - as_of) % timedelta(minutes=1)
    return min(rested, grown) if now < rested else grown


def limits() -> tuple[tuple[str, timedelta], ...]:
    """The limits that the flows promised; what people set lies over them and is read with the ages."""
    return tuple(_limits.items())
