"""What the events of the hub itself say: the form of each payload, version 1."""

from core.records import Payload, Record, describe


class PersonTold(Record):
    """Somebody who is told. locale: the language of the letter."""

    name: str
    email: str
    locale: str = "en"


class CaseEscalated(Payload):
    """A case that nobody has taken, told to the people of a level.

    flow: what it is about, in words. cause, promise: of the case, for people. age: how long it is open, in
    words. level: told_steward or told_next.
    """

    number: str
    flow: str
    cause: str
    promise: str
    age: str
    level: str
    recipients: tuple[PersonTold, ...]


describe(CaseEscalated, "case.escalated")
