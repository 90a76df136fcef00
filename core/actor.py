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
    is decided by it (INT-02). correlation_id: shared by all that one cause brings about.
    """

    channel: str
    label: str
    user_id: int | None = None
    on_behalf_of: str = ""
    system: str = OUR_SYSTEM
    correlation_id: str = field(default_factory=new_correlation_id)

    @property
    def source(self) -> str:
        """portal, erp, pim or hub: how a timeline names where a fact came from."""
        if self.system != OUR_SYSTEM:
            return self.system
        return "hub" if self.channel.startswith(("flow:", "job:")) else "portal"

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
