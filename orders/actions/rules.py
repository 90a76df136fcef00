"""Approval rules of a company: drafts, in force from a day on, ended. Versions are never edited (APR-04)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import Company
from accounts.queries.companies import require_below
from accounts.scope import Scope
from accounts.seats import seats_of
from accounts.states import Right
from core import audit, outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound, OutOfDate, WrongState
from orders.models import ApprovalRule
from orders.queries.rules import rule_version
from orders.rules.conditions import check_conditions
from orders.rules.steps import check_steps
from orders.states import Approvers

CHANGED = gettext_noop(
    "This rule has another version meanwhile, or the form is an old one: load the page again, and look at it first."
)


@dataclass(frozen=True)
class RuleDraft:
    """A version to be. code: of the rule it is a version of, "" for a new one. note: why.

    after: the newest version that there was when the form was shown, None for a new rule.
    """

    name: str
    conditions: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]
    code: str = ""
    after: int | None = None
    note: str = ""
    applies_below: bool = True
    may_be_replaced: bool = False
    replaces_above: bool = False
    allows_own: bool = False


@action
def draft_rule(scope: Scope, draft: RuleDraft, *, by: Actor) -> ApprovalRule:
    """Write down the next version of a rule; it changes nothing until it is put in force.

    Raises NotAllowed without the right to manage the company, and those below where it counts there; InvalidValue
    for what says nothing, for people who may not approve here, and for a second rule of the same name; NotFound for
    a rule that it is to be a version of; OutOfDate where that has a newer version than was shown.
    """
    company = _manage(scope, by)
    if draft.applies_below:
        require_below(scope, Right.MANAGE_COMPANY)
    if not draft.name.strip():
        raise InvalidValue(_("Give the rule a name."), field="name")
    check_conditions(draft.conditions)
    check_steps(draft.steps)
    _check_people(company, draft.steps)
    code = draft.code or slugify(draft.name, allow_unicode=True)[:60] or "rule"
    own = ApprovalRule.objects.filter(company=company, code=code)
    if not draft.code and own.exists():
        raise InvalidValue(_("There is a rule of this name already: make a new version of it."), field="name")
    if draft.code and not own.exists():
        raise NotFound(_("There is no such approval rule."))

    version = _newest(company, code) + 1
    if draft.code and draft.after != version - 1:
        raise OutOfDate(_(CHANGED))
    try:
        with transaction.atomic():
            rule = ApprovalRule.objects.create(
                company=company,
                code=code,
                version=version,
                name=draft.name.strip()[:120],
                conditions=[dict(one) for one in draft.conditions],
                steps=[dict(one) for one in draft.steps],
                applies_below=draft.applies_below,
                may_be_replaced=draft.may_be_replaced,
                replaces_above=draft.replaces_above,
                allows_own=draft.allows_own,
                made_by_id=by.user_id,
                note=draft.note.strip()[:300],
            )
    except IntegrityError:
        raise OutOfDate(_("Somebody else has just made this version: look at it first.")) from None
    audit.log(
        "approval_rule.drafted",
        by=by,
        about=f"company:{company.number}",
        company=company.number,
        data={"rule": rule.code, "version": rule.version},
    )
    return rule


@action
def activate_rule(
    scope: Scope, code: str, version: int, *, by: Actor, at: datetime | None = None
) -> ApprovalRule:
    """Put a draft in force for orders placed from a moment on; the version before ends then.

    at: now, unless later. Orders that wait go on by the version they were placed under. Records
    `approval_rule.changed`. Raises NotFound, NotAllowed, WrongState for one that has been in force, InvalidValue
    for a moment that is over.
    """
    company = _manage(scope, by)
    rule = rule_version(scope, code, version)
    now = timezone.now()
    start = at or now
    if rule.active_from is not None or rule.ended_at is not None:
        raise WrongState(_("Version %(version)s is or was in force already.") % {"version": version})
    if start < now and at is not None:
        raise InvalidValue(_("That moment is over: choose a later one."), field="active_from")

    before = ApprovalRule.objects.filter(company=company, code=code, active_from__isnull=False)
    replaced = [other for other in before if other.ended_at is None or other.ended_at > start]
    if any(one.applies_below for one in (rule, *replaced)):
        require_below(scope, Right.MANAGE_COMPANY)

    for other in replaced:
        other.ended_at = start
        other.save(update_fields=["ended_at"])
    rule.active_from = start
    rule.save(update_fields=["active_from"])
    _tell(company, rule, by)
    return rule


@action
def end_rule(scope: Scope, code: str, *, version: int, by: Actor) -> None:
    """Let a rule ask for no more approvals from now on. Records `approval_rule.changed`.

    version: the newest one as it was shown. Raises NotAllowed, OutOfDate where there is a newer one, WrongState when
    it is not in force and none of it is to come.
    """
    company = _manage(scope, by)
    if _newest(company, code) not in (0, version):
        raise OutOfDate(_(CHANGED))
    now = timezone.now()
    rules = ApprovalRule.objects.filter(company=company, code=code, active_from__isnull=False)
    current = [rule for rule in rules if rule.ended_at is None or rule.ended_at > now]
    if not current:
        raise WrongState(_("This rule is not in force."))
    if any(rule.applies_below for rule in current):
        require_below(scope, Right.MANAGE_COMPANY)

    for rule in current:
        rule.ended_at = max(now, rule.active_from or now)
        rule.save(update_fields=["ended_at"])
        _tell(company, rule, by)


def _newest(company: Company, code: str) -> int:
    """The number of the newest version of a rule; 0 where there is none."""
    own = ApprovalRule.objects.filter(company=company, code=code)
    return int(own.aggregate(last=Max("version"))["last"] or 0)


def _manage(scope: Scope, by: Actor) -> Company:
    """The acting company, locked. Raises NotAllowed."""
    scope.require(Right.MANAGE_COMPANY)
    ownership.check(by, "orders.ApprovalRule", ["conditions", "steps"])
    company: Company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=scope.company_id)
    return company


def _check_people(company: Company, steps: Sequence[Mapping[str, Any]]) -> None:
    named = {int(pk) for step in steps if step["approvers"] == Approvers.PERSON for pk in step["people"]}
    if named and not named <= {seat.user.pk for seat in seats_of(company.pk)}:
        raise InvalidValue(
            _("A person of a step may not approve orders of this company: give the right first."),
            field="steps",
        )


def _tell(company: Company, rule: ApprovalRule, by: Actor) -> None:
    outbox.record(
        "approval_rule.changed",
        subject=f"company:{company.number}",
        payload={
            "company": company.number,
            "rule": rule.code,
            "version": rule.version,
            "active_from": rule.active_from.isoformat() if rule.active_from else None,
            "ended_at": rule.ended_at.isoformat() if rule.ended_at else None,
        },
        by=by,
        company=company.number,
    )
