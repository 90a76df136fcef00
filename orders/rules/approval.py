"""Which orders wait for an approver, and who may decide."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

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


def approval_text(rules: Sequence[Mapping[str, Any]], money: Callable[[Decimal], str]) -> str:
    """Why an order waits, in the reader's language. rules: as kept with its request; money: writes an amount."""
    told = []
    for rule in rules:
        text = " ".join(reason_text(reason, money) for reason in rule.get("reasons", []))
        # What has no version is built in: its sentence says it all.
        told.append(f"{rule['name']}: {text}" if rule.get("version") and text else text)
    return " ".join(one for one in told if one)


def reason_text(reason: Mapping[str, Any], money: Callable[[Decimal], str]) -> str:
    """One reason of a rule, as a sentence."""
    kind, found = reason["kind"], reason.get("found")
    if kind == "order_limit":
        if reason.get("is_unseen"):
            return str(_("It was ordered without seeing prices."))
        limit = Decimal(reason["over"])
        if limit == 0:
            return str(_("Every order of this buyer needs an approval."))
        words = {"amount": money(Decimal(str(found))), "limit": money(limit)}
        return str(_("%(amount)s net is above the buyer's limit of %(limit)s.") % words)
    if kind == "amount":
        words = {"amount": money(Decimal(str(found))), "limit": money(Decimal(str(reason["over"])))}
        return str(_("%(amount)s net is above %(limit)s.") % words)
    if kind == "lines":
        return str(
            _("It has %(count)s lines, more than %(limit)s.") % {"count": found, "limit": reason["over"]}
        )
    listed = ", ".join(str(one) for one in found) if isinstance(found, list) else ""
    return str(_SENTENCES.get(kind, "%(found)s") % {"found": listed})


_SENTENCES = {
    "category": _("It has products of %(found)s."),
    "product": _("It has the product %(found)s."),
    "brand": _("It has products of the manufacturer %(found)s."),
    "new_product": _("Your company has never ordered %(found)s before."),
    "ship_to": _("It goes to the delivery address %(found)s."),
    "cost_centre": _("It is booked to cost centre %(found)s."),
    "requester": _("Orders of %(found)s are approved."),
    "budget": _("It exceeds the budget %(found)s."),
    "erp_hold": _("Our ERP asks for an approval of your company's orders."),
}


def check_own(user_id: int | None, requester_ids: Iterable[int | None], *, is_allowed: bool) -> None:
    """Refuse a decision on one's own order, unless its rule allows it (APR-06). Raises NotAllowed."""
    if user_id is not None and user_id in set(requester_ids) and not is_allowed:
        raise NotAllowed(
            _("You placed this order yourself; somebody else has to decide on it."), right="approve"
        )


def check_approver(user_id: int | None, approvers: Iterable[int]) -> None:
    """Refuse a decision without the right. Raises NotAllowed."""
    if user_id not in set(approvers):
        raise NotAllowed(
            _("Your role does not let you approve orders of this company. Ask its administrator."),
            right="approve",
        )
