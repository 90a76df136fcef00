"""Writes about other systems: there or not there, as all workers see it (INT-27)."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core.logging import get_logger
from integrations.failures import CallFailed
from integrations.models import System
from integrations.rules import pauses_system, probe_delay
from integrations.systems import KINDS

logger = get_logger(__name__)

# An answer is written down at most this often while all is well.
ANSWER_NOTED = timedelta(seconds=20)


def system_row(key: str) -> System:
    """The row of a system, made at its first use."""
    row, _ = System.objects.get_or_create(key=key, defaults={"kind": KINDS.get(key, key)})
    return row


@transaction.atomic
def note_answer(key: str) -> None:
    """A system answered: it is there, whatever it said; what was paused goes on."""
    now = timezone.now()
    system = System.objects.filter(key=key).first() or system_row(key)
    is_news = system.failures or system.down_since or not system.last_answer_at
    if not is_news and system.last_answer_at and now - system.last_answer_at < ANSWER_NOTED:
        return
    if system.down_since:
        logger.info("system.back", system=key, age_s=int((now - system.down_since).total_seconds()))
    System.objects.filter(pk=system.pk).update(
        failures=0, down_since=None, next_probe_at=None, last_answer_at=now, last_error=""
    )


@transaction.atomic
def note_failure(key: str, failure: CallFailed) -> None:
    """A system did not answer; after some failures its deliveries and flows pause."""
    system_row(key)
    system = System.objects.select_for_update(no_key=True).get(key=key)
    now = timezone.now()
    system.failures += 1
    system.last_error = failure.reason[:300]
    if system.down_since is None and pauses_system(system.failures, is_absent=failure.is_absent):
        system.down_since = now
        logger.warning("system.paused", system=key, error_class=str(failure.error_class))
    if system.down_since:
        asked = timedelta(seconds=failure.retry_after or 0)
        system.next_probe_at = now + max(probe_delay(system.failures), asked)
    system.save(update_fields=["failures", "last_error", "down_since", "next_probe_at"])


@transaction.atomic
def claim_probe(key: str, *, lease: timedelta) -> bool:
    """Take the one probe of a paused system that is due; False when another worker has it."""
    now = timezone.now()
    system = (
        System.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(key=key, down_since__isnull=False, next_probe_at__lte=now)
        .first()
    )
    if system is None:
        return False
    system.next_probe_at = now + lease
    system.save(update_fields=["next_probe_at"])
    return True
