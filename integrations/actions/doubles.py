"""What both customers of a merge have of the same kind: which of the two counts from then on (ACC-13)."""

from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.proposals import locked_proposal, settle
from accounts.models import AddressProposal, Company, CompanyRole, ContactProposal, Invitation
from accounts.proposals import OPEN, ProposalState
from orders.models import ApprovalRule, Budget, CostCentre

# Two budgets for the same are one: what of them tells it.
SAME_BUDGET = ("member_id", "cost_centre_id", "includes_below", "period", "starts_on", "ends_on", "currency")


def settle_doubles(old: Company, new: Company) -> None:
    """Let what `old` has go beside what `new` has of the same name, before all of it moves.

    Roles stay what they grant, under a further name. The other's cost centre and budget count; those of `old` are out
    of use, and a budget's movements stay as they are. Proposed changes that the ERP has not answered were meant for a
    row of `old`: they are refused in words for whoever proposed them, but for a further address that is still ours.
    """
    _rename_roles(old, new)
    _join_cost_centres(old, new)
    _end_double_budgets(old, new)
    _refuse_proposals(old, new)
    _withdraw_invitations(old, new)


def left_behind(old: Company, new: Company) -> dict[str, Q]:
    """By model, what of `old` does not move: the versions of a rule whose code is another rule's over there."""
    codes = ApprovalRule.objects.filter(company=new).values("code")
    return {"orders.ApprovalRule": Q(code__in=codes)}


def _rename_roles(old: Company, new: Company) -> None:
    taken = {
        name.casefold() for name in CompanyRole.objects.filter(company=new).values_list("name", flat=True)
    }
    for role in CompanyRole.objects.filter(company=old).order_by("pk"):
        if role.name.casefold() in taken:
            role.name = _free_name(role.name, old.number, taken)
            role.save(update_fields=["name"])
        taken.add(role.name.casefold())


def _free_name(name: str, number: str, taken: set[str]) -> str:
    tries = (f" ({number})" if turn == 1 else f" ({number}, {turn})" for turn in range(1, 1000))
    return next(made for end in tries if (made := name[: 60 - len(end)] + end).casefold() not in taken)


def _withdraw_invitations(old: Company, new: Company) -> None:
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).annotate(address=Lower("email"))
    theirs = waiting.filter(company=new).values("address")
    for invitation in waiting.filter(company=old, address__in=theirs).order_by("pk"):
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])


def _join_cost_centres(old: Company, new: Company) -> None:
    theirs = {one.code.casefold(): one for one in CostCentre.objects.filter(company=new)}
    for centre in CostCentre.objects.filter(company=old).order_by("pk"):
        kept = theirs.get(centre.code.casefold())
        if kept is None:
            continue
        Budget.objects.filter(cost_centre=centre).update(cost_centre=kept)
        if centre.is_active:
            centre.is_active = False
            centre.save(update_fields=["is_active"])


def _end_double_budgets(old: Company, new: Company) -> None:
    def told(budget: Budget) -> tuple[Any, ...]:
        return tuple(getattr(budget, name) for name in SAME_BUDGET)

    theirs = {told(budget) for budget in Budget.objects.filter(company=new, is_active=True)}
    for budget in Budget.objects.filter(company=old, is_active=True).order_by("pk"):
        if told(budget) in theirs:
            budget.is_active = False
            budget.save(update_fields=["is_active"])


def _refuse_proposals(old: Company, new: Company) -> None:
    why = _("%(old)s is the customer %(new)s now. Propose it there again if it is still wanted.") % {
        "old": old.number,
        "new": new.number,
    }
    if ContactProposal.objects.filter(company=new, state__in=OPEN).exists():
        gone = ContactProposal.objects.filter(company=old, state__in=OPEN)
    else:
        gone = ContactProposal.objects.filter(company=old, state__in=OPEN, sent_at__isnull=False)
    for pk in gone.values_list("pk", flat=True):
        settle(locked_proposal(ContactProposal, pk), ProposalState.REFUSED, why)
    moved = Q(address=None, sent_at=None)
    for pk in AddressProposal.objects.filter(~moved, company=old, state__in=OPEN).values_list(
        "pk", flat=True
    ):
        settle(locked_proposal(AddressProposal, pk), ProposalState.REFUSED, why)
