"""Who does something: carried from the edge to history rows, events, logs and outgoing calls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import uuid4

from django.db import transaction

OUR_SYSTEM = "us"


def new_correlation_id() -> str:
    """A fresh id that ties together everything one request or message causes (OBS-19)."""
    return uuid4().hex


@dataclass(frozen=True)
class Actor:
    """Who acts, for whom, through which door.

    channel: portal, api, admin, job:<name> or flow:<name>.
    user_id: the person, None for machines. label: the name that people read.
    on_behalf_of: number of the company or name of the person acted for, empty if none.
    system: the kind of system whose data the actor brings (us, erp, pim): what it may write
    is decided by it (INT-02). principal_id, principal: the buyer in whose place somebody of the staff
    acts, none for everybody else. correlation_id: shared by all that one cause brings about.
    """

    channel: str
    label: str
    user_id: int | None = None
    on_behalf_of: str = ""
    system: str = OUR_SYSTEM
    principal_id: int | None = None
    principal: str = ""
    correlation_id: str = field(default_factory=new_correlation_id)

    @property
    def source(self) -> str:
        """portal, erp, pim or hub: how a timeline names where a fact came from."""
        if self.system != OUR_SYSTEM:
            return self.system
        return "hub" if self.channel.startswith(("flow:", "job:")) else "portal"

    @property
    def buyer_id(self) -> int | None:
        """Whose documents come of it: those of the buyer acted for, or one's own."""
        return self.principal_id or self.user_id

    @property
    def behalf(self) -> str:
        """Company and person acted for, as events, history and refusals keep it; up to 100 characters."""
        return " · ".join(part for part in (self.on_behalf_of, self.principal) if part)[:100]

    def in_place_of(self, principal_id: int, name: str) -> "Actor":
        """The same actor in the place of a buyer: every label names both."""
        return replace(
            self, principal_id=principal_id, principal=name, label=f"{self.label} for {name}"[:200]
        )

    def acting_for(self, company_number: str) -> "Actor":
        """The same actor on behalf of a company."""
        return replace(self, on_behalf_of=company_number)


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor | None:
    """The actor of the running request, task or flow, or None outside of any."""
    return _current.get()


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Make `actor` the current one for the block: history rows and logs name it."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


Act = TypeVar("Act", bound=Callable[..., Any])


def action(function: Act) -> Act:
    """An action: one transaction, in which history rows and logs name the actor given as `by`."""

    @wraps(function)
    def acted(*args: Any, **kwargs: Any) -> Any:
        with transaction.atomic(), acting(kwargs["by"]):
            return function(*args, **kwargs)

    return cast(Act, acted)
