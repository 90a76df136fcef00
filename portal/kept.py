"""What was made for one request and is right for others too: kept in this process, under all that it was made of.

A key holds whose it is (person or scope with its rights), the language, time zone and day it was written
for, and the generations of the data it shows (core.generations). So nothing here is ever thrown away
because it became wrong: a changed price, stock or right has another key. What changes by time alone, such
as an age in minutes, is kept until that moment.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import get_language

from core import freshness, generations
from core.days import erp_today

READING = frozenset({"GET", "HEAD"})

# Stands for the token of the request in a kept text; nobody outside of this process knows it.
TOKEN = secrets.token_urlsafe(48)


@dataclass(frozen=True)
class Kept:
    """Something kept, and the span of time in which it is right; until None: as long as its key."""

    value: Any
    since: datetime
    until: datetime | None


class Shelf:
    """The last things used, by key; shared by the threads of a process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Kept | None:
        """What is kept under a key and right now; None when nothing is."""
        now = timezone.now()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or now < kept.since or (kept.until is not None and now >= kept.until):
                return None
            self._kept.move_to_end(key)
            return kept

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep something; the one unused for longest makes room for it."""
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


# A list of 25 products is some 100 kB, its products as much, their prices and a row or a part of the
# frame some 5 kB.
LISTS, CONTENTS, PRICES, ROWS, PARTS = Shelf(200), Shelf(100), Shelf(500), Shelf(4000), Shelf(2000)

_followed: str | None = None


def kept(
    key: Hashable,
    make: Callable[[], Any],
    until: Callable[[Any], datetime | None] | None = None,
    *,
    shelf: Shelf = PARTS,
) -> Any:
    """What is kept under a key, made now if it is not there.

    until: the moment at which what was made becomes wrong by time alone, by the clock before it was made.
    """
    found = shelf.get(key)
    if found is not None:
        return found.value
    now = timezone.now()
    value = make()
    shelf.put(key, Kept(value, now, until(value) if until else None))
    return value


def names(request: HttpRequest, *kinds: str) -> tuple[str | None, ...]:
    """The generations of these kinds, for a key. One statement per request that reads.

    A request that may write reads them again each time, to show what it has just written.
    """
    current: dict[str, str] | None = getattr(request, "generations", None)
    if current is None or request.method not in READING:
        current = request.generations = generations.current()  # type: ignore[attr-defined]
        _follow(current.get("ages"))
    return tuple(current.get(kind) for kind in kinds)


def _follow(ages: str | None) -> None:
    """Let this process know the limits and rests that were set since it last looked, before they are used."""
    global _followed
    if ages != _followed:
        freshness.read_up_to()
        _followed = ages


def wording() -> tuple[Hashable, ...]:
    """What decides how figures are written, for a key: language, zone, the days, the limits of ages."""
    return (
        get_language(),
        timezone.get_current_timezone_name(),
        timezone.localdate(),
        erp_today(),
        freshness.limits(),
        freshness.limits_judged(),
        settings.DEMO,
    )


def with_token(request: HttpRequest, text: str) -> str:
    """A kept text with the token of this request in its forms."""
    return text.replace(TOKEN, get_token(request)) if TOKEN in text else text
