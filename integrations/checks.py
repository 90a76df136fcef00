"""Django checks: settings with which the background work would go wrong are refused at the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.dispatch import DESTINATIONS
from integrations.flows import FLOWS
from integrations.flows.gaps import flow_gaps
from integrations.signatures import decoded


@register()
def check_queues(**_: Any) -> list[CheckMessage]:
    """Refuse a queue that could hand a task out twice or never give up on one."""
    conf = settings.Q_CLUSTER
    problems: list[CheckMessage] = []
    if conf.get("broker_class") not in settings.Q_BROKERS.values():
        problems.append(
            Error(
                "Q_CLUSTER hands tasks out more than once.",
                hint=f"Choose a broker_class of {sorted(settings.Q_BROKERS.values())}: a task that kills its worker "
                "must not come back.",
                id="integrations.E001",
            )
        )
    for name, cluster in {conf.get("name"): conf, **conf.get("ALT_CLUSTERS", {})}.items():
        timeout, retry = cluster.get("timeout") or 0, cluster.get("retry") or 0
        if not 0 < timeout < retry:
            problems.append(
                Error(
                    f"The queue {name!r} has timeout {timeout} and retry {retry}.",
                    hint="Set a timeout in seconds and a larger retry.",
                    id="integrations.E002",
                )
            )
    return problems


@register()
def check_flows(**_: Any) -> list[CheckMessage]:
    """Refuse a flow that is not complete, and a destination without a flow: nobody would answer for it."""
    problems: list[CheckMessage] = [
        Error(
            f"The flow {name} lacks: {', '.join(gaps)}.",
            hint="A flow counts only with all its parts: add them in integrations/flows.",
            id="integrations.E010",
        )
        for name, flow in FLOWS.items()
        if (gaps := flow_gaps(flow))
    ]
    answered = {flow.destination for flow in FLOWS.values()}
    problems += [
        Error(
            f"No flow answers for the destination {name}.",
            hint="Add a flow with this destination in integrations/flows.",
            id="integrations.E011",
        )
        for name in DESTINATIONS
        if name not in answered
    ]
    return problems


@register()
def check_secrets(**_: Any) -> list[CheckMessage]:
    """Refuse a secret of another system that is none: its calls would all be refused later."""
    return [
        Error(
            f"INBOUND_SECRETS_{system.upper()} holds a secret that is not base64 of at least 24 bytes.",
            hint="Write whsec_ and the base64 of 24 to 64 random bytes; several with spaces between.",
            id="integrations.E012",
        )
        for system, conf in settings.INBOUND.items()
        if any(decoded(word) is None for word in conf["secrets"].split())
    ]
