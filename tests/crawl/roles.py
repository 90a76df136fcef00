"""Whom the walk goes as: the ready-made roles, one per right and depth, and those that see further than they do."""

from dataclasses import dataclass, field

from accounts.states import Depth, Right


@dataclass(frozen=True)
class Role:
    """Somebody to walk as. is_ready: a ready-made role, which must be able to do all that the table says."""

    name: str
    roles: tuple[str, ...] = ()
    grants: dict[str, int] = field(default_factory=dict)
    is_ready: bool = True


def composed_roles() -> list[Role]:
    """A role per right and depth."""
    return [
        Role(f"{right}:{depth.name}", grants={right: depth}, is_ready=False)
        for right in Right
        for depth in Depth
        if depth != Depth.OWN or right == Right.SEE_ORDERS
    ]


def far_sighted_roles() -> list[Role]:
    """Roles in which seeing goes deeper than doing (failure bank 19)."""
    return [
        Role(
            f"{right}:UNIT+see:BELOW",
            grants={right: Depth.UNIT, Right.SEE_ORDERS: Depth.BELOW},
            is_ready=False,
        )
        for right in (Right.BUY, Right.REQUEST_QUOTES, Right.APPROVE, Right.VIEW_PRICES, Right.SEE_INVOICES)
    ]
