"""What was proposed of addresses and contact data, for the company's own people: who proposed, and who releases (ACC-11)."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.listing import Counted
from accounts.models import AddressProposal, Company, ContactProposal
from accounts.models.proposal import Proposal
from accounts.proposals import OPEN, PROPOSES, ProposalState
from accounts.queries.members import all_members_with
from accounts.scope import Scope
from accounts.states import Right
from core.errors import NotFound

# By what a key begins with, see Proposal.key.
KINDS: dict[str, type[Proposal]] = {"address": AddressProposal, "contact": ContactProposal}


def may_propose(scope: Scope) -> bool:
    """Whether this person may propose changes for the acting company."""
    return any(scope.may(right) for right in PROPOSES)


def proposals_for(scope: Scope) -> QuerySet[AddressProposal]:
    """Addresses proposed for the acting company, newest first: all to who manages it, one's own to others."""
    return AddressProposal.objects.filter(_shown_to(scope)).select_related(
        "address", "proposed_by", "decided_by"
    )


def contact_proposals_for(scope: Scope) -> QuerySet[ContactProposal]:
    """Contact data proposed for the acting company, newest first: all to who manages it, one's own to others."""
    return ContactProposal.objects.filter(_shown_to(scope)).select_related("proposed_by", "decided_by")


def _shown_to(scope: Scope) -> Q:
    here = Q(company_id=scope.company_id or 0)
    if scope.may(Right.MANAGE_COMPANY):
        return here & ~Q(state=ProposalState.WAITING)  # these stand with what waits for a release
    return here & Q(proposed_by_id=scope.buyer_id)


def addresses_in_change(scope: Scope) -> frozenset[int]:
    """The addresses of the acting company of which a change is under way, whoever proposed it."""
    rows = AddressProposal.objects.filter(company_id=scope.company_id or 0, state__in=OPEN)
    return frozenset(rows.exclude(address=None).values_list("address_id", flat=True))


def are_contacts_in_change(scope: Scope) -> bool:
    """Whether a change of the acting company's contact data is under way, whoever proposed it."""
    return ContactProposal.objects.filter(company_id=scope.company_id or 0, state__in=OPEN).exists()


def to_release(scope: Scope, *, most: int = 50) -> list[Proposal]:
    """What waits for a release by this person, in all companies that he or she manages, the oldest first."""
    found = [row for rows in _waiting(scope) for row in rows[:most]]
    return sorted(found, key=lambda row: row.proposed_at)[:most]


def release_count(scope: Scope, *, most: int) -> Counted:
    """How many proposals wait for a release by this person; counted as far as `most`. Two statements."""
    number = sum(len(rows.values_list("pk")[: most + 1]) for rows in _waiting(scope))
    return Counted(min(number, most), number > most)


def _waiting(scope: Scope) -> Iterator[QuerySet[Any]]:
    for kind in KINDS.values():
        manager: Any = kind._default_manager
        rows = manager.filter(company_id__in=scope.reach(Right.MANAGE_COMPANY), state=ProposalState.WAITING)
        changed = ["address"] if kind is AddressProposal else []
        yield rows.select_related("company", "proposed_by", *changed).order_by("pk")


def proposal_to_release(scope: Scope, key: str) -> Proposal:
    """A proposal of a company that this person manages. Raises NotFound for every other one."""
    return _named(key, Q(company_id__in=scope.reach(Right.MANAGE_COMPANY)))


def own_proposal(scope: Scope, key: str) -> Proposal:
    """A proposal of one's own in the acting company. Raises NotFound for every other one."""
    return _named(key, Q(company_id=scope.company_id or 0, proposed_by_id=scope.buyer_id or 0))


def _named(key: str, seen: Q) -> Proposal:
    name, _dash, pk = key.partition("-")
    found = None
    if name in KINDS and pk.isdecimal() and len(pk) < 19:
        found = KINDS[name]._default_manager.filter(seen, pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such proposal."))
    return found


def releasers_of(company: Company) -> list[str]:
    """The names of who may release what is proposed for a company; none where our own people do."""
    return [str(user) for user in all_members_with(Right.MANAGE_COMPANY, [company.pk])]
