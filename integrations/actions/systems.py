"""Writes about other systems, as all workers see them: there or not, how fast they may be asked (INT-23, INT-27)."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.cases import CaseFacts, open_case, settle_cases
from core.errors import InvalidValue
from core.logging import get_logger
from core.models import Case, CaseState, Severity
from integrations.failures import CallFailed
from integrations.models import System
from integrations.rest import is_resting
from integrations.rules import pauses_system, probe_delay
from integrations.systems import KINDS, job_actor

logger = get_logger(__name__)

# An answer is written down at most this often while all is well.
ANSWER_NOTED = timedelta(seconds=20)
# A system that is away longer than this is a case: what waits for it breaks promises by its age (ORD-03).
ALARM_AFTER = timedelta(minutes=10)
SYSTEM_DOWN = "system_down"


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
        reason = _("It answers again; what waited goes out by itself.")
        settle_cases(f"system:{key}", by=job_actor("relay"), reason=reason, kinds=(SYSTEM_DOWN,))
        logger.info("system.back", system=key, age_s=int((now - system.down_since).total_seconds()))
    System.objects.filter(pk=system.pk).update(
        failures=0, down_since=None, next_probe_at=None, last_answer_at=now, last_error=""
    )


@transaction.atomic
def note_failure(key: str, failure: CallFailed) -> None:
    """A system did not answer; after some failures its deliveries and flows pause.

    When it said how long to wait, all workers leave it alone for that long.
    """
    system_row(key)
    system = System.objects.select_for_update(no_key=True).get(key=key)
    now = timezone.now()
    system.failures += 1
    system.last_error = failure.reason[:300]
    if failure.retry_after and not failure.is_absent:
        asked_for = now + timedelta(seconds=failure.retry_after)
        system.rest_until = max(asked_for, system.rest_until or asked_for)
    if system.down_since is None and pauses_system(system.failures, is_absent=failure.is_absent):
        system.down_since = now
        logger.warning("system.paused", system=key, error_class=str(failure.error_class))
    if system.down_since:
        asked = timedelta(seconds=failure.retry_after or 0)
        system.next_probe_at = now + max(probe_delay(system.failures), asked)
    system.save(update_fields=["failures", "last_error", "down_since", "next_probe_at", "rest_until"])


@transaction.atomic
def set_pace(key: str, per_second: float | None, *, burst: int = 1) -> System:
    """Say how fast a system may be asked, by all workers together. per_second: None for no limit.

    burst: how many calls may come at once after a rest. Raises InvalidValue below zero.
    """
    if (per_second is not None and per_second <= 0) or burst < 1:
        raise InvalidValue(_("Give a number of calls above zero."), field="rate_per_second")
    system_row(key)
    system = System.objects.select_for_update(no_key=True).get(key=key)
    system.rate_per_second = per_second
    system.burst = burst
    system.tokens_at = None
    system.save(update_fields=["rate_per_second", "burst", "tokens_at"])
    return system


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


@transaction.atomic
def raise_alarm(key: str, *, waiting: int) -> Case | None:
    """Open a case for a system that has been away too long; it is settled by its first answer.

    waiting: how many deliveries wait for it. None when it is not away, not long, or told already; nor
    while it rests, and as long after as it may be away without an alarm (INT-47).
    """
    now = timezone.now()
    if is_resting(key, now) or is_resting(key, now - ALARM_AFTER):
        return None
    system = System.objects.filter(key=key, down_since__lte=now - ALARM_AFTER).first()
    subject = f"system:{key}"
    is_told = Case.objects.filter(kind=SYSTEM_DOWN, subject=subject, state=CaseState.OPEN).exists()
    if system is None or system.down_since is None or is_told:
        return None
    facts = CaseFacts(
        cause=_("The %(system)s has not answered since %(since)s: %(reason)s")
        % {
            "system": key.upper(),
            "since": f"{timezone.localtime(system.down_since):%H:%M}",
            "reason": system.last_error,
        },
        promise=_("%(count)s messages wait; they go out in order, each once, when it is back.")
        % {"count": waiting},
        severity=Severity.AT_RISK if waiting else Severity.NONE,
        system=key,
        evidence={"waiting": waiting, "last_error": system.last_error, "failures": system.failures},
    )
    return open_case(SYSTEM_DOWN, subject, facts, by=job_actor("relay"))
