"""Tables of the hub: systems, flows and runs, inbox, deliveries, processes, identifiers, signs of life."""

from integrations.models.deliveries import Comparison, Delivery, DeliveryAttempt
from integrations.models.flows import Difference, FlowRun, FlowSettings, FlowState, RejectedRow
from integrations.models.identifiers import Identifier, IdentifierChange
from integrations.models.inbox import InboxMessage
from integrations.models.processes import Process, ProcessStep
from integrations.models.running import Heartbeat, SentMail
from integrations.models.systems import System, SystemWindow

__all__ = [
    "Comparison",
    "Delivery",
    "DeliveryAttempt",
    "Difference",
    "FlowRun",
    "FlowSettings",
    "FlowState",
    "Heartbeat",
    "Identifier",
    "IdentifierChange",
    "InboxMessage",
    "Process",
    "ProcessStep",
    "RejectedRow",
    "SentMail",
    "System",
    "SystemWindow",
]
