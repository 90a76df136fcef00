"""What each flow may write: its own facts and nothing else (SEC-01, SEC-02).

A flow acts under its own name, `flow:<name>`. What it may write stands with it in integrations/flows; one
that says nothing has no rights at all.
"""

from core import ownership
from integrations.flows import FLOWS

RIGHTS: dict[str, tuple[str, ...]] = {name: flow.writes for name, flow in FLOWS.items() if flow.writes}


def grant_all() -> None:
    """Give every flow its rights; called once at start."""
    for flow, models in RIGHTS.items():
        ownership.grant(f"flow:{flow}", models)
