"""The scope: what one request may see. Every query of company-owned data starts from one."""

from dataclasses import dataclass, field

from accounts.states import Right, check_right


@dataclass(frozen=True)
class Scope:
    """The acting company and what may be seen from it; built once per request by accounts.queries.

    company_id, company_number: the acting company, None and "" when there is none.
    company_ids: every company whose documents may be seen: the acting one and, if the membership
    includes branches, its descendants. lineage: the acting company and its ancestors, nearest
    first: what it inherits from. rights: see accounts.states.RIGHTS. currency: the company's.
    An empty scope sees nothing, never everything.
    """

    user_id: int | None = None
    membership_id: int | None = None
    company_id: int | None = None
    company_number: str = ""
    currency: str = ""
    company_ids: frozenset[int] = frozenset()
    lineage: tuple[int, ...] = ()
    rights: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_empty(self) -> bool:
        """Whether there is no acting company."""
        return self.company_id is None

    def may(self, right: Right) -> bool:
        """Whether the membership has this right in the acting company."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise NotAllowed unless the right is there."""
        check_right(self.rights, right)


NOTHING = Scope()
