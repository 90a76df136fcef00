"""How old a figure of another system may be before it is called stale (INV-11, INT-05).

A flow that has read everything up to a moment notes it here, even when no row had changed: what
a row shows as its age is the later of the two. The hub states the limits at start, from its flows.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from core.models import Freshness

_limits: dict[str, timedelta] = {}


def set_limits(limits: dict[str, timedelta]) -> None:
    """State the limit of each kind of figure: stock, prices, credit, orders, invoices, products."""
    _limits.update(limits)


def limit_of(kind: str) -> timedelta | None:
    """The limit of a kind of figure, None when nobody promised one."""
    return _limits.get(kind)


def note(kind: str, as_of: datetime) -> None:
    """Everything of this kind has been read up to `as_of`, by the source's clock."""
    changed = Freshness.objects.filter(kind=kind).filter(Q(as_of__lt=as_of)).update(as_of=as_of)
    if not changed:
        Freshness.objects.bulk_create([Freshness(kind=kind, as_of=as_of)], ignore_conflicts=True)


def read_up_to() -> dict[str, datetime]:
    """Per kind, the moment up to which everything has been read. One statement."""
    return dict(Freshness.objects.values_list("kind", "as_of"))


def later(row_as_of: datetime | None, kind_as_of: datetime | None) -> datetime | None:
    """The age that a figure shows: its own, or that of the last complete reading."""
    known = [moment for moment in (row_as_of, kind_as_of) if moment is not None]
    return max(known, default=None)


def is_stale(kind: str, as_of: datetime | None, *, now: datetime | None = None) -> bool:
    """Whether a figure is older than its limit; a figure without a time is stale."""
    if as_of is None:
        return True
    limit = _limits.get(kind)
    return limit is not None and (now or timezone.now()) - as_of > limit
