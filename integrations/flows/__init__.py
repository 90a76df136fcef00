"""The flows: what moves between us and which system, how often, how old it may be; the matrix of INT-01 as data."""

from datetime import timedelta

from integrations.flows.asked import ASKED
from integrations.flows.definition import QUICK, SLOW, AlertRule, Escalation, Flow
from integrations.flows.documents import DOCUMENTS
from integrations.flows.masters import MASTERS
from integrations.flows.prices import PRICES
from integrations.flows.registrations import REGISTRATIONS
from integrations.flows.suppliers import SUPPLIERS

__all__ = [
    "FLOWS",
    "QUICK",
    "SLOW",
    "AlertRule",
    "Escalation",
    "Flow",
    "fed",
    "in_order",
    "limits",
]

FLOWS: dict[str, Flow] = {
    flow.name: flow for flow in (*MASTERS, *PRICES, *DOCUMENTS, *REGISTRATIONS, *ASKED, *SUPPLIERS)
}


def fed() -> list[Flow]:
    """The flows that are read by their schedule, so that each comes after those it needs."""
    return [flow for flow in FLOWS.values() if flow.is_fed]


def limits() -> dict[str, timedelta]:
    """The limit of each kind of figure that is read, for `core.freshness`."""
    return {flow.kind: flow.limit for flow in fed()}


def kinds_of_figures() -> list[tuple[str, str]]:
    """The kinds of figures that are read, each with its words, for whoever sets how old they may be."""
    return [(flow.kind, str(flow.label)) for flow in fed()]


def in_order(names: list[str] | None = None) -> list[Flow]:
    """The fed flows so that each comes after those it needs; all, or the named ones."""
    return [flow for flow in fed() if names is None or flow.name in names]


def of_destination(destination: str) -> Flow | None:
    """The flow whose messages go to a destination."""
    return next((flow for flow in FLOWS.values() if flow.destination == destination), None)
