"""Which approval rules count for an order, and what it is judged by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.queries.companies import asks_for_approval
from accounts.scope import Scope
from accounts.states import Right
from core.errors import NotFound
from orders.models import ApprovalRule
from orders.queries.facts import Judged, facts_of, goods_of
from orders.rules.approval import needs_approval
from orders.rules.conditions import OrderFacts, hits
from orders.rules.steps import Candidate, Hit, chosen
from orders.states import Approvers, Condition

ORDER_LIMIT, OVER_BUDGET, ERP_HOLD = "order_limit", "over_budget", "erp_hold"
ANY_APPROVER = (
    {"approvers": str(Approvers.RIGHT), "needs": "any", "remind_hours": 24, "escalate_hours": 72},
)


def rules_in_force(lineage: Sequence[int]) -> list[ApprovalRule]:
    """The versions that count now in a company, its own and those of the companies above. One statement."""
    rules = ApprovalRule.objects.filter(company_id__in=lineage, active_from__lte=Now())
    return list(rules.filter(Q(ended_at=None) | Q(ended_at__gt=Now())).select_related("company"))


def hits_of(judged: Judged, rules: Iterable[ApprovalRule] | None = None) -> tuple[list[Hit], OrderFacts]:
    """What asks for an approval of an order, nearest first, and the facts that it was judged by.

    rules: instead of those in force. Two statements where the company has no rules; facts that no rule asks
    for are not read. Source: APR-04, APR-10, APR-12.
    """
    rules = rules_in_force(judged.lineage) if rules is None else list(rules)
    kinds = {one["kind"] for rule in rules for one in rule.conditions}
    facts = replace(
        facts_of(judged, kinds, goods_of([judged], kinds)), is_held_by_erp=asks_for_approval(judged.lineage)
    )
    place = {pk: distance for distance, pk in enumerate(judged.lineage)}
    candidates = []
    for rule in rules:
        reasons = hits(rule.conditions, facts)
        if reasons is not None:
            hit = hit_of(rule, reasons)
            candidates.append(
                Candidate(
                    place[rule.company_id],
                    hit,
                    rule.applies_below,
                    rule.may_be_replaced,
                    rule.replaces_above,
                )
            )
    found = chosen(candidates)
    heights = {one.hit.company: one.distance for one in candidates}
    return [*_built_in(judged, facts, found, heights), *found], facts


def hit_of(rule: ApprovalRule, reasons: Sequence[dict[str, object]]) -> Hit:
    """A rule that counts for an order."""
    return Hit(
        code=rule.code,
        name=rule.name,
        version=rule.version,
        company=rule.company.number,
        reasons=tuple(reasons),
        steps=tuple(rule.steps),
        allows_own=rule.allows_own,
    )


def _built_in(
    judged: Judged, facts: OrderFacts, found: Sequence[Hit], heights: Mapping[str, int]
) -> list[Hit]:
    """What needs no rule: the member's limit, a budget or the ERP that no rule of the company speaks of.

    A rule by which buyers approve their own orders does not speak for the ERP, nor for a budget from above its
    company: heights says how far above the order's company each company with a rule stands.
    """
    kinds = {
        reason["kind"]
        for hit in found
        for reason in hit.reasons
        if not hit.allows_own
        or (reason["kind"] == Condition.BUDGET and heights[hit.company] >= judged.budget_height)
    }
    built_in: list[tuple[str, str, dict[str, Any]]] = []
    if needs_approval(judged.net_amount, judged.limit):
        figures = {"over": str(judged.limit), "found": str(judged.net_amount)}
        name = _("Ordered without seeing prices") if judged.is_unseen else _("Order limit of the buyer")
        unseen = {"is_unseen": True} if judged.is_unseen else {}
        built_in.append((ORDER_LIMIT, name, {"kind": ORDER_LIMIT, **figures, **unseen}))
    if facts.budgets and Condition.BUDGET not in kinds:
        why: dict[str, Any] = {"kind": str(Condition.BUDGET), "found": list(facts.budgets)}
        built_in.append((OVER_BUDGET, _("Budget exceeded"), why))
    if facts.is_held_by_erp and Condition.ERP_HOLD not in kinds:
        why = {"kind": str(Condition.ERP_HOLD), "found": ["erp"]}
        built_in.append((ERP_HOLD, _("The ERP asks for an approval"), why))
    return [
        Hit(code, name, 0, judged.company.number, (reason,), ANY_APPROVER) for code, name, reason in built_in
    ]


@dataclass(frozen=True)
class RuleView:
    """A rule of a company with its versions, newest first. current: the one in force, if any."""

    code: str
    versions: tuple[ApprovalRule, ...]
    current: ApprovalRule | None
    coming: ApprovalRule | None
    draft: ApprovalRule | None

    @property
    def shown(self) -> ApprovalRule:
        """The version that tells best what the rule is."""
        return self.current or self.coming or self.draft or self.versions[0]


def rules_for(scope: Scope) -> QuerySet[ApprovalRule]:
    """The versions of the rules that count in the acting company: its own and those from above."""
    if scope.company_id is None or not scope.may(Right.MANAGE_COMPANY):
        return ApprovalRule.objects.none()
    where = Q(company_id=scope.company_id) | Q(company_id__in=scope.lineage[1:], applies_below=True)
    return ApprovalRule.objects.filter(where).select_related("company", "made_by")


def rule_views(scope: Scope, now: datetime) -> list[RuleView]:
    """The rules of the acting company and from above, those in force first."""
    found: dict[tuple[int, str], list[ApprovalRule]] = {}
    for rule in rules_for(scope).order_by("company_id", "code", "-version"):
        found.setdefault((rule.company_id, rule.code), []).append(rule)
    views = [view_of(versions, now) for versions in found.values()]
    return sorted(views, key=lambda view: (view.current is None, view.shown.name.casefold()))


def view_of(versions: Sequence[ApprovalRule], now: datetime) -> RuleView:
    """A rule from its versions, newest first."""
    started = [rule for rule in versions if rule.active_from is not None]
    return RuleView(
        code=versions[0].code,
        versions=tuple(versions),
        current=next((rule for rule in started if is_in_force(rule, now)), None),
        coming=next((rule for rule in started if rule.active_from and rule.active_from > now), None),
        draft=next((rule for rule in versions if rule.active_from is None and rule.ended_at is None), None),
    )


def is_in_force(rule: ApprovalRule, now: datetime) -> bool:
    """Whether a version counts at a moment."""
    return (
        rule.active_from is not None
        and rule.active_from <= now
        and (rule.ended_at is None or rule.ended_at > now)
    )


def rule_version(scope: Scope, code: str, version: int, *, is_own: bool = True) -> ApprovalRule:
    """A version of a rule of the acting company. Raises NotFound, the same for a foreign one."""
    rules = rules_for(scope).filter(code=code, version=version)
    rule = (rules.filter(company_id=scope.company_id or 0) if is_own else rules).first()
    if rule is None:
        raise NotFound(_("There is no such approval rule."))
    return rule


def all_view_of(rule: ApprovalRule, now: datetime) -> RuleView:
    """A rule with all its versions, for staff."""
    return view_of(
        list(all_rules().filter(company=rule.company_id, code=rule.code).order_by("-version")), now
    )


def all_rules() -> QuerySet[ApprovalRule]:
    """Every version of every rule, for staff."""
    return ApprovalRule.objects.select_related("company", "made_by")
