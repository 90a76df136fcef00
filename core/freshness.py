"""How old a figure of another system may be before it is called stale (INV-11, INT-05).

The hub states the limits at start, from its flows; the apps to its left ask here.
"""

from datetime import datetime, timedelta

from django.utils import timezone

_limits: dict[str, timedelta] = {}


def set_limits(limits: dict[str, timedelta]) -> None:
    """State the limit of each kind of figure: stock, prices, credit, orders, invoices, products."""
    _limits.update(limits)


def limit_of(kind: str) -> timedelta | None:
    """The limit of a kind of figure, None when nobody promised one."""
    return _limits.get(kind)


def is_stale(kind: str, as_of: datetime | None, *, now: datetime | None = None) -> bool:
    """Whether a figure is older than its limit; a figure without a time is stale."""
    if as_of is None:
        return True
    limit = _limits.get(kind)
    return limit is not None and (now or timezone.now()) - as_of > limit
