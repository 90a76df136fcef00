"""The steps of an approval: who may decide, in which order, and when somebody else is asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.states import Role
from core.errors import InvalidValue
from orders.states import Approvers


@dataclass(frozen=True)
class Hit:
    """A rule that asks for an approval. version: 0 for what is built in. company: number of whose rule it is.

    reasons: as `conditions.hits`. steps: as the rule has them.
    """

    code: str
    name: str
    version: int
    company: str
    reasons: tuple[Mapping[str, Any], ...]
    steps: tuple[Mapping[str, Any], ...]
    allows_own: bool = False

    def to_json(self) -> dict[str, Any]:
        """The rule as it is kept with requests and decisions: which version hit, and why."""
        return {
            "code": self.code,
            "name": self.name,
            "version": self.version,
            "company": self.company,
            "reasons": [dict(one) for one in self.reasons],
        }


@dataclass(frozen=True)
class Candidate:
    """A rule of a company in the line, as the choice among them needs it. distance: 0 for the order's own."""

    distance: int
    hit: Hit
    applies_below: bool = True
    may_be_replaced: bool = False
    replaces_above: bool = False


@dataclass(frozen=True)
class StepPlan:
    """A step to be. people: ids, for persons and the manager; empty roles and people: whoever may approve."""

    stage: int
    hit: Hit
    any_approver: bool
    roles: tuple[str, ...]
    people: tuple[int, ...]
    needs_all: bool
    remind_hours: int | None
    escalate_hours: int | None


def check_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    """Refuse steps by which nobody could decide. Raises InvalidValue."""
    if not steps:
        raise InvalidValue(_("A rule needs at least one step: say who approves."), field="steps")
    for number, step in enumerate(steps, start=1):
        kind = step.get("approvers")
        words = {"step": number}
        if kind not in Approvers.values:
            raise InvalidValue(_("Step %(step)s: say who approves.") % words, field="steps")
        if kind == Approvers.ROLE and not set(step.get("roles", [])) & set(Role.values):
            raise InvalidValue(_("Step %(step)s: choose a role.") % words, field="steps")
        if kind == Approvers.PERSON and not step.get("people"):
            raise InvalidValue(_("Step %(step)s: choose a person.") % words, field="steps")
        remind, escalate = step.get("remind_hours"), step.get("escalate_hours")
        if any(hours is not None and hours <= 0 for hours in (remind, escalate)):
            raise InvalidValue(_("Step %(step)s: hours are above 0.") % words, field="steps")
        if remind and escalate and escalate <= remind:
            raise InvalidValue(
                _("Step %(step)s: it is escalated later than reminded.") % words, field="steps"
            )


def chosen(candidates: Iterable[Candidate]) -> list[Hit]:
    """The rules that count of those that hit, nearest first.

    A rule of a company above counts where it is meant for those below. A nearer rule that is meant to
    replace drops those from further above, but for the ones that may not be replaced.
    """
    rows = sorted(
        (one for one in candidates if one.distance == 0 or one.applies_below),
        key=lambda one: (one.distance, one.hit.code),
    )
    replaced_from = min((one.distance for one in rows if one.replaces_above), default=None)
    return [
        one.hit
        for one in rows
        if replaced_from is None or one.distance <= replaced_from or not one.may_be_replaced
    ]


def plan(hits: Sequence[Hit], manager_id: int | None) -> list[StepPlan]:
    """All steps of the rules that hit: the first ones of all side by side, then the second ones.

    What two rules ask in the same words at the same stage is asked once. A buyer without a manager has
    everybody who may approve instead.
    """
    found: dict[tuple[Any, ...], StepPlan] = {}
    for hit in hits:
        for stage, step in enumerate(hit.steps, start=1):
            one = _step(stage, step, hit, manager_id)
            key = (stage, one.any_approver, one.roles, one.people, one.needs_all, hit.allows_own)
            found.setdefault(key, one)
    return sorted(found.values(), key=lambda one: one.stage)


def _step(stage: int, step: Mapping[str, Any], hit: Hit, manager_id: int | None) -> StepPlan:
    kind = step["approvers"]
    people: tuple[int, ...] = ()
    if kind == Approvers.PERSON:
        people = tuple(sorted(int(pk) for pk in step["people"]))
    elif kind == Approvers.MANAGER and manager_id is not None:
        people = (manager_id,)
    roles = tuple(sorted(step["roles"])) if kind == Approvers.ROLE else ()
    return StepPlan(
        stage=stage,
        hit=hit,
        any_approver=not roles and not people,
        roles=roles,
        people=people,
        needs_all=step.get("needs") == "all",
        remind_hours=step.get("remind_hours"),
        escalate_hours=step.get("escalate_hours"),
    )


@dataclass(frozen=True)
class AskedOf:
    """A step as it asks: see ApprovalStep. excluded: who decides only where the rule allows the own order."""

    any_approver: bool
    roles: frozenset[str]
    people: frozenset[int]
    allows_own: bool
    excluded: frozenset[int]
    net_amount: Decimal
    is_escalated: bool = False


def may_decide(
    step: AskedOf,
    *,
    user_id: int,
    holder_id: int,
    roles: Iterable[str],
    limit: Decimal | None,
) -> bool:
    """Whether a seat is asked by a step: the one rule behind inbox, page, mail and action.

    user_id: who would decide, holder_id: whose seat it is; neither may have ordered it (APR-06). limit:
    net, exactly at it is within.
    """
    if not step.allows_own and {user_id, holder_id} & step.excluded:
        return False
    if limit is not None and step.net_amount > limit:
        return False
    if step.any_approver or step.is_escalated:
        return True
    return holder_id in step.people or bool(step.roles.intersection(roles))
