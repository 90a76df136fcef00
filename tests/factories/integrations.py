"""Events and deliveries without the documents behind them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction

from core import outbox
from core.actor import Actor
from core.models import Event
from integrations.actions.systems import system_row
from integrations.failures import CallFailed
from integrations.systems import Destination, Message

SOMEBODY = Actor("portal", "Anna")


def happen(subject: str, name: str = "thing.done", *, by: Actor = SOMEBODY, **payload: object) -> Event:
    """Record an event of a subject, as an action does."""
    with transaction.atomic():
        return outbox.record(name, subject=subject, payload=payload, by=by, company="C1")


@dataclass
class Receiver:
    """The other side of a destination: what it got, and what it answers to each call.

    answers: taken one by one; None or nothing left is success. on_call: looks at the world during
    a call.
    """

    answers: list[CallFailed | BaseException | None] = field(default_factory=list)
    got: list[Message] = field(default_factory=list)
    buried: list[tuple[str, str]] = field(default_factory=list)
    on_call: Callable[[Message], None] | None = None

    def send(self, message: Message) -> None:
        """Take a message, or fail as planned."""
        self.got.append(message)
        if self.on_call is not None:
            self.on_call(message)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer

    def bury(self, message: Message, failure: CallFailed) -> None:
        """Note what was given up."""
        self.buried.append((message.subject, failure.reason))

    def destination(
        self, name: str = "there", *, system: str = "far", parallel: int = 1, batch: int = 1
    ) -> Destination:
        """The destination that leads here."""
        system_row(system)
        return Destination(name, system, parallel, self.send, self.bury, batch=batch)

    @property
    def subjects(self) -> list[str]:
        """What it got, in order."""
        return [f"{message.subject} {message.name}" for message in self.got]
