"""Licences that companies hold, and their kinds: kept by staff, or told by the ERP's flow."""

from typing import TypeVar

from accounts.models import Licence, LicenceKind
from core.actor import Actor
from core.rows import drop_row, keep_row

EVENT = "licence.changed"
Kept = TypeVar("Kept", Licence, LicenceKind)


def keep_licence(row: Kept, *, by: Actor) -> Kept:
    """Write a licence or a kind of licence as it stands. Raises InvalidValue. Records `licence.changed`."""
    return keep_row(row, event=EVENT, by=by)


def drop_licence(row: Licence | LicenceKind, *, by: Actor) -> None:
    """Take a licence or a kind of licence away. Records `licence.changed`."""
    drop_row(row, event=EVENT, by=by)
