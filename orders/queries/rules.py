"""Which approval rules count for an order, and what it is judged by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Company
from accounts.queries.companies import asks_for_approval
from accounts.queries.lines import tree_of
from accounts.scope import Scope
from accounts.states import Right
from catalog.models import Category, Product
from core.errors import NotFound
from orders.models import ApprovalRule, Order, OrderLine
from orders.rules.approval import needs_approval
from orders.rules.conditions import OrderFacts, hits
from orders.rules.steps import Candidate, Hit, chosen
from orders.states import Approvers, Condition, OrderStatus

BRANDS = frozenset({"brand", "manufacturer", "supplier"})
ORDER_LIMIT, OVER_BUDGET, ERP_HOLD = "order_limit", "over_budget", "erp_hold"
ANY_APPROVER = (
    {"approvers": str(Approvers.RIGHT), "needs": "any", "remind_hours": 24, "escalate_hours": 72},
)
ABOVE = """
    WITH RECURSIVE line(id, parent_id) AS (
        SELECT id, parent_id FROM catalog_category WHERE id = ANY(%s)
        UNION SELECT up.id, up.parent_id FROM catalog_category AS up JOIN line ON up.id = line.parent_id
    ) SELECT id FROM line
"""


@dataclass(frozen=True)
class Judged:
    """An order to be judged. lineage: ids of its company and those above it, nearest first.

    net_amount: before tax. limit: the requester's, net. budgets: names of those it exceeds that ask
    for an approval; budget_height: how far above the company the highest of them stands. requester: e-mail address. before: orders placed until then count as known, None: all.
    """

    company: Company
    lineage: tuple[int, ...]
    net_amount: Decimal
    product_ids: tuple[int, ...]
    limit: Decimal | None
    requester: str
    ship_to: str = ""
    cost_centre: str = ""
    budgets: tuple[str, ...] = ()
    budget_height: int = 0
    lines: int = 0
    before: datetime | None = None


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
    facts = replace(facts_of(judged, kinds), is_held_by_erp=asks_for_approval(judged.lineage))
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
        built_in.append((ORDER_LIMIT, _("Order limit of the buyer"), {"kind": ORDER_LIMIT, **figures}))
    if facts.budgets and Condition.BUDGET not in kinds:
        why: dict[str, Any] = {"kind": str(Condition.BUDGET), "found": list(facts.budgets)}
        built_in.append((OVER_BUDGET, _("Budget exceeded"), why))
    if facts.is_held_by_erp and Condition.ERP_HOLD not in kinds:
        why = {"kind": str(Condition.ERP_HOLD), "found": ["erp"]}
        built_in.append((ERP_HOLD, _("The ERP asks for an approval"), why))
    return [
        Hit(code, name, 0, judged.company.number, (reason,), ANY_APPROVER) for code, name, reason in built_in
    ]


def facts_of(judged: Judged, kinds: Iterable[str]) -> OrderFacts:
    """What an order is judged by, as far as conditions of these kinds ask for it."""
    wanted = set(kinds)
    products: list[Product] = []
    if wanted & {Condition.CATEGORY, Condition.PRODUCT, Condition.BRAND, Condition.NEW_PRODUCT}:
        products = list(
            Product.objects.filter(pk__in=judged.product_ids).only("sku", "attributes", "category_id")
        )
    return OrderFacts(
        net_amount=judged.net_amount,
        lines=judged.lines or len(judged.product_ids),
        skus=frozenset(product.sku for product in products),
        categories=_categories(products) if Condition.CATEGORY in wanted else frozenset(),
        brands=_brands(products),
        new_skus=_new(judged, products) if Condition.NEW_PRODUCT in wanted else frozenset(),
        ship_to=judged.ship_to,
        cost_centre=judged.cost_centre,
        requester=judged.requester,
        budgets=judged.budgets,
    )


def _categories(products: Iterable[Product]) -> frozenset[str]:
    ids = sorted({product.category_id for product in products if product.category_id})
    rows = Category.objects.without_tree_fields().filter(pk__in=RawSQL(ABOVE, [ids]))  # noqa: S611
    return frozenset(rows.order_by().values_list("slug", flat=True)) if ids else frozenset()


def _brands(products: Iterable[Product]) -> frozenset[str]:
    return frozenset(
        str(one["value"]) for product in products for one in product.attributes if one.get("code") in BRANDS
    )


def _new(judged: Judged, products: Iterable[Product]) -> frozenset[str]:
    """Of the products, those in no order of the company that was let through before."""
    ended = (OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.PENDING_APPROVAL)
    lines = OrderLine.objects.filter(order__company=judged.company, product__in=list(products))
    if judged.before is not None:
        lines = lines.filter(order__placed_at__lt=judged.before)
    known = set(lines.exclude(order__status__in=ended).order_by().values_list("product_id", flat=True))
    return frozenset(product.sku for product in products if product.pk not in known)


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


@dataclass(frozen=True)
class Preview:
    """What a rule would have done. orders: how many were looked at; stopped: numbers, newest first."""

    days: int
    orders: int
    stopped: tuple[str, ...]


LOOKED_AT = 1000


def preview_of(
    scope: Scope, conditions: Sequence[dict[str, Any]], *, applies_below: bool, days: int = 90
) -> Preview:
    """Which orders of the last days a rule would have stopped, by what they were when they were placed.

    Of the acting company, and those below where the rule is meant for them; the newest thousand. Budgets and
    the ERP's word of then are not known any more: conditions on them stop none.
    """
    scope.require(Right.MANAGE_COMPANY)
    units = scope.reach(Right.MANAGE_COMPANY)
    return _preview(units if applies_below else units & {scope.company_id or 0}, conditions, days)


def all_preview_of(rule: ApprovalRule, *, days: int = 90) -> Preview:
    """The same of a version as it is, for staff."""
    units = {rule.company_id}
    if rule.applies_below:
        units |= set(tree_of(rule.company_id).values_list("pk", flat=True))
    return _preview(units, rule.conditions, days)


def _preview(units: Iterable[int], conditions: Sequence[dict[str, Any]], days: int) -> Preview:
    since = timezone.now() - timedelta(days=days)
    orders = list(
        Order.objects.filter(company_id__in=units, placed_at__gte=since)
        .select_related("company", "placed_by", "ship_to_address")
        .prefetch_related("lines")
        .order_by("-pk")[:LOOKED_AT]
    )
    kinds = {one["kind"] for one in conditions}
    stopped = []
    for order in orders:
        judged = Judged(
            company=order.company,
            lineage=(order.company_id,),
            net_amount=order.net_amount,
            product_ids=tuple(line.product_id for line in order.lines.all()),
            limit=None,
            requester=order.placed_by.email,
            ship_to=order.ship_to_address.erp_id,
            cost_centre=order.cost_centre,
            lines=len(order.lines.all()),
            before=order.placed_at,
        )
        if hits(conditions, facts_of(judged, kinds)) is not None:
            stopped.append(order.number)
    return Preview(days, len(orders), tuple(stopped))
