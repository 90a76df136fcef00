"""Events and deliveries without the documents behind them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from core import outbox
from core.actor import Actor
from core.models import Event
from integrations.actions.systems import system_row
from integrations.failures import CallFailed
from integrations.signatures import Signed, sign
from integrations.systems import Destination, Message

SOMEBODY = Actor("portal", "Anna")


PERSON = {"name": "Anna", "email": "anna@acme.example", "locale": "en"}
# What events say that do not say anything else: the least that fits the form of each.
SAID: dict[str, dict[str, object]] = {
    "stock.updated": {
        "warehouse": "LNZ",
        "changed": 1,
        "forgotten": 0,
        "skus": ["A1"],
        "as_of": "2026-12-02T08:00:00Z",
    },
    "order.held": {
        "number": "SO-1",
        "company": "C1",
        "company_name": "Acme Works",
        "buyer": PERSON,
        "currency": "EUR",
        "net_amount": "10.00",
        "gross_amount": "12.00",
        "po_number": "",
        "origin": "cart",
        "origin_ref": "",
        "erp_number": "",
        "reason": "Unknown unit.",
    },
    "quote.expired": {
        "number": "Q-1",
        "revision": 1,
        "company_number": "C1",
        "company_name": "Acme Works",
        "currency": "EUR",
        "net_amount": "10.00",
        "tax_amount": "2.00",
        "gross_amount": "12.00",
        "valid_until": "2026-12-02",
        "buyer": PERSON,
        "sales": PERSON,
    },
}


def happen(subject: str, name: str = "thing.done", *, by: Actor = SOMEBODY, **payload: object) -> Event:
    """Record an event of a subject, as an action does; its payload fits the form of that event."""
    with transaction.atomic():
        said = {**SAID.get(name, {}), **payload}
        return outbox.record(name, subject=subject, payload=said, by=by, company="C1")


def happen_bare(subject: str, name: str, *, by: Actor = SOMEBODY) -> Event:
    """An event of a name that has a form, without what it should say."""
    event = happen(subject, by=by)
    Event.objects.filter(pk=event.pk).update(name=name)
    return event


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


@dataclass
class Sender:
    """Another system that pushes its news to us, through a client of the portal."""

    client: Client
    secret: bytes
    system: str = "erp"

    def push(
        self,
        told: object,
        *,
        id: str = "msg-1",
        timestamp: str | None = None,
        signature: str | None = None,
        secret: bytes | None = None,
        sent: bytes | None = None,
    ) -> HttpResponse:
        """Sign and send messages, or a body as it is; what is given is sent instead of what belongs there."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        timestamp = str(int(time.time())) if timestamp is None else timestamp
        if signature is None:
            signature = sign(secret or self.secret, Signed(id, timestamp, "", body))
        return self.client.post(
            f"/inbound/{self.system}/",
            body if sent is None else sent,
            content_type="application/json",
            headers={"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature},
        )
