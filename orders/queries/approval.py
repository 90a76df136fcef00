"""Whether an order would wait for an approver, and for whom."""

from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Membership
from accounts.queries import all_members_with
from accounts.scope import Scope
from accounts.states import Right
from orders.models import Order
from orders.queries.orders import approvals_for
from orders.rules.approval import needs_approval
from orders.states import OrderStatus


@dataclass(frozen=True)
class ApprovalOutlook:
    """What the member's limit means for an order. approvers: names of those who may decide."""

    is_needed: bool
    limit: Decimal | None
    approvers: tuple[str, ...]


def approval_outlook(scope: Scope, net_amount: Decimal) -> ApprovalOutlook:
    """Whether an order of the acting person would wait now, and who would be asked."""
    if scope.membership_id is None or scope.company_id is None:
        return ApprovalOutlook(False, None, ())
    limit = Membership.objects.get(pk=scope.membership_id).order_limit
    if not needs_approval(net_amount, limit):
        return ApprovalOutlook(False, limit, ())
    people = all_members_with(Right.APPROVE, [scope.company_id])
    return ApprovalOutlook(True, limit, tuple(str(user) for user in people if user.pk != scope.user_id))


def may_decide(scope: Scope, order: Order) -> bool:
    """Whether this person may approve or reject the order now."""
    return order.status == OrderStatus.PENDING_APPROVAL and approvals_for(scope).filter(pk=order.pk).exists()
