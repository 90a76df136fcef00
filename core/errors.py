"""The errors of the domain: a message for people, a code for machines, details as data."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal that a person can act on.

    message: what is wrong and what to do next, translatable, without secrets.
    details: plain data about the refusal, keyed by the domain's words.
    `code` is stable and part of the API. HTTP is chosen at the edges.
    Source: house style, section 9; CRT-20.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: Any, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return str(self.message)


class WrongState(DomainError):
    """The document is not in a state from which this step is allowed."""

    code = "wrong_state"


class NotAllowed(DomainError):
    """The actor may see this but lacks the right to do it."""

    code = "not_allowed"


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else: the answer is the same."""

    code = "not_found"


class NotOwner(DomainError):
    """Another system owns the field that was to be written (INT-02)."""

    code = "not_owner"


class OutOfDate(DomainError):
    """What the actor saw has changed meanwhile; nothing was done."""

    code = "out_of_date"


class InvalidValue(DomainError):
    """A value is missing or cannot be used; `details` name the field."""

    code = "invalid"


class DuplicateKey(DomainError):
    """The same idempotency key was used for another request (INT-37)."""

    code = "key_reused"
