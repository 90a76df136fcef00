"""Whether the reader of what is being written may see prices and amounts (ACC-05).

The edge says it for the request or the mail by the acting company, and again around each document by the company
that it is of; whatever writes an amount for people asks here. So a new page hides them without a line of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_hidden: ContextVar[bool] = ContextVar("amounts_hidden", default=False)


def are_hidden() -> bool:
    """Whether amounts are written as "not shown" now."""
    return _hidden.get()


@contextmanager
def hidden(flag: bool = True) -> Iterator[None]:
    """Write no amount inside of the block; with False, write them whatever is outside."""
    token = _hidden.set(flag)
    try:
        yield
    finally:
        _hidden.reset(token)
