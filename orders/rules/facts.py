"""Facts of the ERP that cannot be taken as they come."""

from core.errors import DomainError


class ParentMissing(DomainError):
    """The fact belongs to something that has not come yet: park it and try again (failure bank 32)."""

    code = "parent_missing"
