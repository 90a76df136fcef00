"""What the worker does with mails."""

import time

from integrations import delivery


def let_mails_out() -> None:
    """Send every mail that waits."""
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)
