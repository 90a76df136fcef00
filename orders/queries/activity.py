"""What the log of a company's activity leaves to the documents: who decided in whose place, names of budgets and rules."""

from collections.abc import Collection

from accounts.scope import Scope
from accounts.states import Right
from orders.models import ApprovalDecision, ApprovalRule, Budget


def decisions_by(scope: Scope, correlations: Collection[str]) -> dict[tuple[str, str], ApprovalDecision]:
    """The decisions on approvals by the cause they came of and the order's number. One statement."""
    found = ApprovalDecision.objects.filter(
        correlation_id__in=correlations, request__order__company_id__in=scope.reach(Right.MANAGE_PEOPLE)
    ).select_related("request__order", "instead_of")
    return {(one.correlation_id, one.request.order.number): one for one in found}


def budget_names(scope: Scope, keys: Collection[int]) -> dict[int, str]:
    """The names of budgets of the companies that are looked after, by their keys. One statement."""
    found = Budget.objects.filter(pk__in=keys, company_id__in=scope.reach(Right.MANAGE_PEOPLE))
    return dict(found.values_list("pk", "name"))


def rule_names(scope: Scope, codes: Collection[str]) -> dict[tuple[str, str], str]:
    """The names of approval rules by the customer number of their company and their code. One statement."""
    found = ApprovalRule.objects.filter(code__in=codes, company_id__in=scope.reach(Right.MANAGE_PEOPLE))
    rows = found.order_by("version").values_list("company__number", "code", "name")
    return {(number, code): name for number, code, name in rows}
