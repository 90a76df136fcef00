"""Who manages the people of a company, and who was asked to."""

from accounts.models import Company, Invitation, User
from accounts.queries.members import all_members_with
from accounts.states import Right, Role


def all_administrators_of(company: Company) -> list[User]:
    """The active people who may invite others into a company: there, from above, or lent."""
    return all_members_with(Right.MANAGE_PEOPLE, [company.pk])


def all_waiting_administrator_of(company: Company) -> Invitation | None:
    """The newest invitation to administer a company that was neither accepted nor withdrawn, over or not."""
    open_ones = Invitation.objects.filter(company=company, accepted_at=None, withdrawn_at=None)
    return open_ones.filter(roles__contains=[Role.ADMINISTRATOR]).order_by("-pk").first()
