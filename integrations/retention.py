"""What is forgotten when: settled work, after it has been kept long enough to be looked at."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from core.idempotency import forget_keys
from core.logging import get_logger
from integrations.actions.applicants import forget_registrations
from integrations.actions.retention import (
    forget_cart_events,
    forget_deliveries,
    forget_messages,
    forget_runs,
)

logger = get_logger(__name__)

MOST = 1000
KINDS: dict[str, Callable[..., int]] = {
    "deliveries": forget_deliveries,
    "inbound messages": forget_messages,
    "runs": forget_runs,
    "cart events": forget_cart_events,
    "registrations": forget_registrations,
    "idempotency keys": forget_keys,
}


def forget_settled(*, until: float, most: int = MOST) -> dict[str, int]:
    """Delete what is settled and older than KEEP_SETTLED_DAYS, `most` rows a transaction; tell how many of each.

    until: by time.monotonic(). Events but those of carts, orders, cases and dead letters stay. Any number may run at once.
    """
    before = timezone.now() - timedelta(days=settings.KEEP_SETTLED_DAYS)
    forgotten = {}
    for kind, forget in KINDS.items():
        forgotten[kind] = 0
        while time.monotonic() < until and (count := forget(before, most=most)):
            forgotten[kind] += count
    logger.info("retention.done", rows=sum(forgotten.values()))
    return forgotten
