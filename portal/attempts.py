"""Counts what failed by an address that anybody may ask for, where the sign-in library counts posts alone."""

import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def is_one_too_many(request: HttpRequest, what: str, *, most: int, seconds: int) -> bool:
    """Count one more failure of a place, and tell whether that is more than `most` within so many seconds."""
    place = get_adapter(request).get_client_ip(request)
    key = f"attempts:{what}:{place}:{int(time.time()) // seconds}"
    cache.add(key, 0, timeout=seconds)
    return int(cache.incr(key)) > most
