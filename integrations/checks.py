"""Django checks: settings with which the background work would go wrong are refused at the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

BROKER = "integrations.wakeups.WakeUps"


@register()
def check_queues(**_: Any) -> list[CheckMessage]:
    """Refuse a queue that could hand a task out twice or never give up on one."""
    conf = settings.Q_CLUSTER
    problems: list[CheckMessage] = []
    if conf.get("broker_class") != BROKER:
        problems.append(
            Error(
                "Q_CLUSTER hands tasks out more than once.",
                hint=f"Set broker_class to {BROKER!r}: a task that kills its worker must not come back.",
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
