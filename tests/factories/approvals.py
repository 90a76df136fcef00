"""Rules, budgets and cost centres, as rows that are in force."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from accounts.models import Company, Delegation, User
from orders.models import ApprovalRequest, ApprovalRule, ApprovalStep, Budget, CostCentre, Order
from tests.factories.accounts import UserFactory

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ANY = {"approvers": "right", "needs": "any"}


class CostCentreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CostCentre

    code = factory.Sequence(lambda n: f"CC{n}")
    name = "Tool shop"


class BudgetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Budget

    name = "Workshop"
    currency = "EUR"
    amount = Decimal(100)
    period = "month"
    on_exceeding = "refuse"


def rule_of(company: Company, *steps: dict[str, Any], code: str = "big", **values: Any) -> ApprovalRule:
    """A rule in force: orders above EUR 50 net, unless other conditions are given."""
    fields = {
        "name": "Big orders",
        "version": 1,
        "conditions": [{"kind": "amount", "over": "50"}],
        "active_from": LONG_AGO,
    }
    return ApprovalRule.objects.create(
        company=company, code=code, steps=list(steps or (ANY,)), **{**fields, **values}
    )


def asks(**step: Any) -> dict[str, Any]:
    """A step that asks people or roles: asks(people=[1]), asks(roles=["finance"], needs="all")."""
    kind = "person" if "people" in step else "role" if "roles" in step else step.pop("approvers", "right")
    return {"approvers": kind, "needs": "any", **step}


def let_wait(order: Order) -> Order:
    """Let a bare order wait for whoever may approve."""
    request = ApprovalRequest.objects.create(
        order=order, round=1, unit=order.company, requester=order.placed_by, opened_at=LONG_AGO
    )
    ApprovalStep.objects.create(
        request=request, stage=1, rule="big", any_approver=True, state="open", opened_at=LONG_AGO
    )
    return order


def delegation_of(
    company: Company,
    absent: User | None = None,
    instead: User | None = None,
    *,
    days: tuple[int, int] = (-1, 1),
) -> Delegation:
    """Somebody stands in for somebody absent. days: from and until, counted from now."""
    now = timezone.now()
    return Delegation.objects.create(
        company=company,
        delegator=absent or UserFactory(),
        delegate=instead or UserFactory(),
        valid_from=now + timedelta(days=days[0]),
        valid_until=now + timedelta(days=days[1]),
    )
