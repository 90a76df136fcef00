"""Acting for a buyer: what somebody of the staff may do in a buyer's place, and while it lasts."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models.functions import Now

from accounts.customers import customers_of
from accounts.models import Assistance
from accounts.queries.scopes import Acting, acting_as
from accounts.staff import SALES, SALES_MANAGER, is_in
from accounts.states import Right
from core.actor import Actor

# What nobody of the staff does in a buyer's place, whatever the buyer may: decide, manage, call by machine.
NEVER = frozenset({Right.APPROVE, Right.MANAGE_PEOPLE, Right.MANAGE_COMPANY, Right.USE_API})
LONGEST_MINUTES = 240


def assistance_of(assistance_id: int | None, user_id: int | None) -> Assistance | None:
    """The time of acting for a buyer that somebody has begun and that is not over. One statement."""
    if not assistance_id or not user_id:
        return None
    running = Assistance.objects.filter(ended_at=None, ends_at__gt=Now(), pk=assistance_id, user_id=user_id)
    return running.select_related("user", "company", "principal").first()


def why_entered(user_id: int | None, company_id: int, at: datetime) -> str:
    """Why somebody of the staff acted for a customer at a moment, "" where nobody did."""
    if user_id is None:
        return ""
    rows = Assistance.objects.filter(
        user_id=user_id, company_id=company_id, started_at__lte=at, ends_at__gt=at
    )
    return rows.order_by("-started_at").values_list("reason", flat=True).first() or ""


def acting_in(assistance: Assistance | None) -> Acting | None:
    """The buyer's place as somebody of the staff may take it; None when it is over.

    Looked at anew each time: the role, the customer, and what the buyer may. Never more than the buyer, and
    less by what only the buyer does. The cart is that of whoever acts.
    """
    if assistance is None or not is_in(assistance.user, SALES, SALES_MANAGER):
        return None
    if not customers_of(assistance.user).hold(assistance.company_id):
        return None
    buyers = acting_as(assistance.principal_id, assistance.company_id)
    if buyers is None:
        return None
    ends = [end for end in (buyers.scope.until, assistance.ends_at) if end is not None]
    scope = replace(
        buyers.scope,
        user_id=assistance.user_id,
        principal_id=assistance.principal_id,
        assistance_id=assistance.pk,
        grants=tuple((right, depth) for right, depth in buyers.scope.grants if right not in NEVER),
        until=min(ends),
    )
    return replace(buyers, scope=scope)


def acting_by(by: Actor, company_id: int | None) -> Acting | None:
    """What an actor may do for a company, as itself or in a buyer's place; actions ask this, not the edge."""
    if by.principal_id is None or by.user_id is None or company_id is None:
        return acting_as(by.user_id, company_id)
    running = Assistance.objects.filter(
        ended_at=None,
        ends_at__gt=Now(),
        user_id=by.user_id,
        principal_id=by.principal_id,
        company_id=company_id,
    )
    return acting_in(running.select_related("user", "company", "principal").first())


def all_reasons_of(ids: Iterable[int]) -> dict[int, str]:
    """Why somebody acted for a buyer, by the key of that time. One statement."""
    return dict(Assistance.objects.filter(pk__in=set(ids)).values_list("pk", "reason"))
