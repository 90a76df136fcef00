"""Which orders wait for an approver, and who may decide."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, NotAllowed


class NoApprover(DomainError):
    """An order needs an approver and the company has none: it would wait for ever."""

    code = "no_approver"


def needs_approval(net_amount: Decimal, limit: Decimal | None) -> bool:
    """Tell whether an order must wait for an approver.

    Same currency, before tax. No limit means unlimited, zero that every order waits; exactly at
    the limit is still allowed.
    """
    return limit is not None and (net_amount > limit or limit == 0)


def approval_reason(limit: Decimal | None) -> str:
    """Why an order waits, as it is stored; `approval_text` says it in the reader's language."""
    return f"order_limit:{limit}"


def approval_text(reason: str, net_amount: Decimal, money: Callable[[Decimal], str]) -> str:
    """Why an order waits, for people. reason: as stored; money: writes an amount."""
    rule, _colon, limit = reason.partition(":")
    if rule != "order_limit":
        return reason
    if Decimal(limit) == 0:
        return str(_("Every order of this buyer needs an approval."))
    return str(
        _("%(amount)s net is above the buyer's limit of %(limit)s.")
        % {"amount": money(net_amount), "limit": money(Decimal(limit))}
    )


def check_approver(user_id: int | None, placed_by: int, approvers: frozenset[int]) -> None:
    """Refuse a decision on one's own order, or without the right. Raises NotAllowed."""
    if user_id is not None and user_id == placed_by:
        raise NotAllowed(
            _("You placed this order yourself; somebody else has to decide on it."), right="approve"
        )
    if user_id not in approvers:
        raise NotAllowed(
            _("Your role does not let you approve orders of this company. Ask its administrator."),
            right="approve",
        )
