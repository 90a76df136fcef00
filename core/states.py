"""The guard of every state machine: a move is in the table, or it is refused."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from core.errors import WrongState

S = TypeVar("S", bound=Enum)


def check_move(table: Mapping[S, frozenset[S]], old: S | str, new: S) -> None:
    """Refuse a move that the table does not hold.

    old may be the stored word. Raises WrongState naming both states and the allowed ones.
    Source: ORD-01.
    """
    state = type(new)(old)
    if new in table[state]:
        return
    raise WrongState(
        _("This is %(old)s; it cannot become %(new)s.") % {"old": _label(state), "new": _label(new)},
        old=state.value,
        new=new.value,
        allowed=sorted(str(move.value) for move in table[state]),
    )


def _label(state: Enum) -> str:
    return str(getattr(state, "label", state.value)).lower()
