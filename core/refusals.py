"""Refusals worth remembering: the edges keep them after the action was rolled back."""

from core.actor import Actor, action
from core.errors import DomainError, NotAllowed, NotOwner
from core.models import Refusal, trace

KEPT = (NotOwner, NotAllowed)


@action
def keep(error: DomainError, *, by: Actor) -> Refusal | None:
    """Write down a refusal that touches ownership or rights (INT-02, SEC-02); others pass."""
    if not isinstance(error, KEPT):
        return None
    details = {key: _plain(value) for key, value in error.details.items()}
    return Refusal.objects.create(code=error.code, message=str(error), details=details, **trace(by))


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, dict, list, bool, type(None))) else str(value)
