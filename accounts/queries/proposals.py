"""What customers have proposed of addresses and contact data, for the staff (ACC-11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.customers import Customers
from accounts.models import AddressProposal, Company, ContactProposal
from accounts.models.proposal import Proposal
from accounts.proposals import OPEN, ProposalState

SHOWN_FOR = timedelta(days=14)


@dataclass(frozen=True)
class Proposed:
    """A proposal in words. subject: what its events and cases name. wish: what is to be. company: whose."""

    subject: str
    proposal: Proposal
    company: Company
    what: str
    wish: str


def all_proposed_of(company: Company, *, most: int = 10) -> list[Proposed]:
    """What a customer has proposed, the newest first."""
    return _newest(Q(company=company), most)


def proposed_at(customers: Customers, *, most: int = 50) -> list[Proposed]:
    """What is under way or was refused lately at the customers of somebody of the staff, the newest first."""
    lately = Q(state=ProposalState.REFUSED, settled_at__gt=timezone.now() - SHOWN_FOR)
    return _newest(customers.of("company") & (Q(state__in=OPEN) | lately), most)


def all_proposed(subject: str) -> Proposed | None:
    """The proposal that the subject of an event or case names."""
    name, _colon, pk = subject.partition(":")
    kinds = {"address_proposal": _addresses, "contact_proposal": _contacts}
    return next(kinds[name](Q(pk=pk)), None) if name in kinds and pk.isdigit() else None


def _newest(condition: Q, most: int) -> list[Proposed]:
    found = [
        *_addresses(condition, most),
        *_contacts(condition, most),
    ]
    return sorted(found, key=lambda one: one.proposal.proposed_at, reverse=True)[:most]


def _addresses(condition: Q, most: int = 1) -> Iterator[Proposed]:
    for row in _rows(AddressProposal.objects.filter(condition).select_related("address"), most):
        what = (
            _("Change of %(address)s") % {"address": row.address} if row.address else _("A further address")
        )
        uses = [_("deliveries")] * row.is_ship_to + [_("invoices")] * row.is_bill_to
        yield Proposed(row.subject, row, row.company, what, f"{row} ({', '.join(uses)})")


def _contacts(condition: Q, most: int = 1) -> Iterator[Proposed]:
    for row in _rows(ContactProposal.objects.filter(condition), most):
        yield Proposed(row.subject, row, row.company, _("Contact data"), str(row))


def _rows(rows: QuerySet, most: int) -> QuerySet:
    return rows.select_related("company", "proposed_by").order_by("-id")[:most]
