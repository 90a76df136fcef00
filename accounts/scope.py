"""The scope: what one request may see and do. Every query of company-owned data starts from one."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q

from accounts.states import Depth, Right, check_right
from core import amounts


@dataclass(frozen=True)
class Scope:
    """The acting company and what may be seen from it; built once per request by accounts.queries.scopes.

    company_id, company_number: the acting company, None and "" when there is none.
    membership_id: through which membership, the company's own or the nearest one above it.
    company_ids: the acting company and, if any right goes below it, its descendants. lineage: the acting
    company and its ancestors, nearest first: what it inherits from. grants: each right with its depth, in
    order. currency: the company's. until: when a right that was lent ends; None while none is.
    principal_id: the buyer for whom somebody of the staff acts, by assistance_id; None for buyers themselves.
    An empty scope sees nothing, never everything.
    """

    user_id: int | None = None
    membership_id: int | None = None
    company_id: int | None = None
    company_number: str = ""
    currency: str = ""
    company_ids: frozenset[int] = frozenset()
    lineage: tuple[int, ...] = ()
    grants: tuple[tuple[str, Depth], ...] = ()
    until: datetime | None = None
    principal_id: int | None = None
    assistance_id: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no acting company."""
        return self.company_id is None

    @property
    def buyer_id(self) -> int | None:
        """Whose documents they are: the buyer's, whoever acts."""
        return self.principal_id or self.user_id

    @property
    def mark(self) -> str:
        """What a form says of whom it was shown for: the company, and in whose place; see RefusalMiddleware."""
        return f"{self.company_number} #{self.assistance_id}" if self.assistance_id else self.company_number

    @cached_property
    def depths(self) -> dict[str, Depth]:
        """The depth of each right."""
        return dict(self.grants)

    @property
    def rights(self) -> frozenset[str]:
        """The rights, whatever their depth."""
        return frozenset(self.depths)

    def may(self, right: Right) -> bool:
        """Whether the person has this right in the acting company."""
        return right in self.depths

    def require(self, right: Right) -> None:
        """Raise NotAllowed unless the right is there."""
        check_right(self.depths, right)

    def require_in(self, right: Right, company_id: int) -> None:
        """Raise NotAllowed unless the right goes as far as this company: who sees further does not do further."""
        if company_id not in self.reach(right):
            check_right({}, right)

    def reach(self, right: Right) -> frozenset[int]:
        """The companies in which a right counts: none, the acting one, or also all below it."""
        depth = self.depths.get(right)
        if depth is None or self.company_id is None:
            return frozenset()
        return self.company_ids if depth == Depth.BELOW else frozenset({self.company_id})

    def amounts_of(self, company_id: int) -> AbstractContextManager[None]:
        """Write amounts inside of the block as far as prices of the document's company may be seen (ACC-05).

        Who sees orders of the branches and prices of the own unit alone reads no amount of a branch.
        """
        return amounts.hidden(company_id not in self.reach(Right.VIEW_PRICES))

    def documents(self, right: Right, *, owner: str, company: str = "company") -> Q:
        """The condition on documents that a right lets one see: by company, and by person where it goes no deeper.

        owner, company: the fields that name the person and the company, such as "placed_by".
        """
        return Q(**{f"{company}__in": self.reach(right)}) & self.persons(right, owner=owner)

    def persons(self, right: Right, *, owner: str) -> Q:
        """The part of that condition which is by person: none where the right goes deeper than one's own."""
        return Q(**{owner: self.buyer_id}) if self.depths.get(right) == Depth.OWN else Q()


NOTHING = Scope()
