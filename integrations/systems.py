"""The other systems: who they are, the places there that events go to, and the message that goes to one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.actor import Actor, new_correlation_id
from core.models import Event
from integrations.compared import Compared
from integrations.failures import CallFailed
from integrations.states import Lane

ERP, PIM, MAIL, SUPPLIER, TAX = "erp", "pim", "mail", "supplier", "tax"
# A supplier's word is of the same kind as the ERP's; what of ours it may write stands with its flows.
# A register of tax ids answers what we ask; its words are kept with our question.
KINDS = {ERP: "erp", PIM: "pim", MAIL: "us", SUPPLIER: "erp", TAX: "us"}


@dataclass(frozen=True)
class Message:
    """An event on its way out: what the receiver needs, and how often it was tried.

    key: the event's id, sent along so that a repeat can be recognised. attempts: this one counted.
    """

    key: str
    name: str
    subject: str
    company_number: str
    payload: dict[str, Any]
    attempts: int
    correlation_id: str

    @classmethod
    def of(cls, event: Event, attempts: int) -> "Message":
        """The message that an event is."""
        return cls(
            key=str(event.key),
            name=event.name,
            subject=event.subject,
            company_number=event.company_number,
            payload=event.payload,
            attempts=attempts,
            correlation_id=event.correlation_id,
        )

    @property
    def number(self) -> str:
        """The number of the document it is about."""
        return self.subject.partition(":")[2]


@dataclass(frozen=True)
class Destination:
    """A place that events go to.

    system: whose circuit counts. parallel: how many may be asked at once. send: the call, raises
    CallFailed. bury: what a dead letter means for the document it is about. passing: events that a
    dead letter does not hold up, because they end what it was about. batch: how many one
    worker claims at a time; their calls are made one by one, so slow ones go singly. pays:
    whether a delivery is one call and takes its token at the claim; else each call takes its own. compare: what a
    held message is beside the receiver's words, by reading alone; raises CallFailed.
    """

    name: str
    system: str
    parallel: int
    send: Callable[[Message], None]
    bury: Callable[[Message, CallFailed], None]
    passing: tuple[str, ...] = ()
    batch: int = 1
    pays: bool = True
    compare: Callable[[Message], list[Compared]] | None = None


@dataclass(frozen=True)
class Route:
    """That an event goes to a destination, and in which lane."""

    event: str
    destination: str
    system: str
    lane: Lane


def flow_actor(flow: str, *, system: str = ERP, correlation_id: str = "", company: str = "") -> Actor:
    """The identity of one flow: each has its own, none is shared (SEC-01).

    flow: such as "erp.orders"; it names the channel. system: whose facts the flow brings.
    """
    return Actor(
        channel=f"flow:{flow}",
        label={ERP: "ERP", PIM: "PIM", SUPPLIER: "Supplier"}.get(system, "Accord"),
        system=KINDS.get(system, system),
        on_behalf_of=company,
        correlation_id=correlation_id or new_correlation_id(),
    )


def job_actor(job: str, correlation_id: str = "") -> Actor:
    """The identity of a job of our own, such as "relay"."""
    return Actor(channel=f"job:{job}", label="Accord", correlation_id=correlation_id or new_correlation_id())
