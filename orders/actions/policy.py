"""What is done when the ERP disagrees or does not answer: drafts of the policy, in force, rolled back."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound, WrongState
from orders.models import CachedCredit, CheckoutPolicy
from orders.rules.live import check_rules

SUBJECT = "checkout_policy:current"


@dataclass(frozen=True)
class PolicyDraft:
    """A policy to be. rules: a rule for each cell of the table; note: why, for whoever reads it later."""

    rules: Mapping[str, str]
    note: str
    cached_credit_amount: Decimal | None = None


@action
def draft_policy(draft: PolicyDraft, *, by: Actor) -> CheckoutPolicy:
    """Write down the next version; it changes nothing until it is put in force (INT-29).

    Raises InvalidValue for a missing or impossible rule, a negative amount, or no reason.
    """
    ownership.check(by, "orders.CheckoutPolicy", ("rules", "cached_credit_amount"))
    _lock()
    check_rules(draft.rules)
    if draft.cached_credit_amount is not None and draft.cached_credit_amount < 0:
        raise InvalidValue(_("An amount is 0 or more."), field="cached_credit_amount")
    if not draft.note.strip():
        raise InvalidValue(_("Say why: decisions name the version they were made by."), field="note")

    return _next(dict(draft.rules), draft.cached_credit_amount, draft.note.strip())


@action
def activate_policy(version: int, *, by: Actor) -> CheckoutPolicy:
    """Put a draft in force for every order from now on. Records `checkout_policy.changed`.

    Raises NotFound, and WrongState for one that has been in force: that is rolled back to.
    """
    _lock()
    policy = _version(version)
    if policy.active_from is not None:
        raise WrongState(_("Version %(version)s is or was in force already.") % {"version": version})

    policy.active_from = timezone.now()
    policy.save(update_fields=["active_from"])
    _tell(policy, by)
    return policy


@action
def restore_policy(version: int, *, by: Actor) -> CheckoutPolicy:
    """Roll back: put in force a new version that says what an earlier one said.

    Records `checkout_policy.changed`. Raises NotFound, WrongState for one that was never in force.
    """
    _lock()
    earlier = _version(version)
    if earlier.active_from is None:
        raise WrongState(_("Version %(version)s was never in force.") % {"version": version})

    policy = _next(earlier.rules, earlier.cached_credit_amount, earlier.note)
    policy.restores, policy.active_from = version, timezone.now()
    policy.save(update_fields=["restores", "active_from"])
    _tell(policy, by)
    return policy


@action
def set_cached_credit(company: Company, amount: Decimal | None, *, note: str, by: Actor) -> None:
    """Say how far our last known credit of an account counts without the ERP; None: as for everybody.

    Raises InvalidValue for a negative amount or no reason. Records `cached_credit.changed`.
    """
    ownership.check(by, "orders.CachedCredit", ("amount",))
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    if amount is not None and amount < 0:
        raise InvalidValue(_("An amount is 0 or more."), field="amount")
    if not note.strip():
        raise InvalidValue(_("Say why."), field="note")

    if amount is None:
        CachedCredit.objects.filter(company=company).delete()
    else:
        CachedCredit.objects.update_or_create(
            company=company, defaults={"amount": amount, "note": note.strip()}
        )

    outbox.record(
        "cached_credit.changed",
        subject=f"company:{company.number}",
        payload={"amount": None if amount is None else str(amount), "note": note.strip()},
        by=by,
        company=company.number,
    )


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE orders_checkoutpolicy IN SHARE ROW EXCLUSIVE MODE")


def _version(version: int) -> CheckoutPolicy:
    policy = CheckoutPolicy.objects.filter(version=version).first()
    if policy is None:
        raise NotFound(_("There is no version %(version)s.") % {"version": version})
    return policy


def _next(rules: dict[str, str], amount: Decimal | None, note: str) -> CheckoutPolicy:
    newest = CheckoutPolicy.objects.aggregate(newest=Max("version"))["newest"] or 0
    return CheckoutPolicy.objects.create(
        version=newest + 1, rules=rules, cached_credit_amount=amount, note=note
    )


def _tell(policy: CheckoutPolicy, by: Actor) -> None:
    amount = policy.cached_credit_amount
    outbox.record(
        "checkout_policy.changed",
        subject=SUBJECT,
        payload={
            "version": policy.version,
            "rules": policy.rules,
            "cached_credit_amount": None if amount is None else str(amount),
            "restores": policy.restores,
            "note": policy.note,
        },
        by=by,
    )
