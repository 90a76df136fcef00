"""A worker process that does nothing but relay `thing.done` to the ERP as one call each, until all are there.

DATABASE_URL=... ERP_URL=... python -m tests.relay_worker
"""

from __future__ import annotations

import time

PATIENCE = 90.0


def main() -> None:
    """Relay until nothing is open, or the patience is."""
    import django

    django.setup()
    from core.models import Event
    from integrations import delivery, dispatch
    from integrations.connectors.tryton.transport import connection
    from integrations.models import Delivery
    from integrations.systems import ERP, Destination, Message

    def send(message: Message) -> None:
        connection().write(f"{message.subject}.take", message.key)

    dispatch.DESTINATIONS.clear()
    dispatch.DESTINATIONS["there"] = Destination(
        "there", ERP, 4, send, lambda message, why: None, batch=5, pays=False
    )
    dispatch.ROUTES.clear()
    dispatch.ROUTES["thing.done"] = ("there",)
    until = time.monotonic() + PATIENCE
    open_rows = Delivery.objects.filter(state__in=("waiting", "sending"))
    while time.monotonic() < until and (
        Event.objects.filter(dispatched_at=None).exists() or open_rows.exists()
    ):
        delivery.fan_out()
        delivery.probe_systems()
        if not delivery.drain(until=time.monotonic() + 2):
            time.sleep(0.05)


if __name__ == "__main__":
    main()
