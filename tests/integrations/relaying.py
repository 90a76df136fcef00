"""A process that relays until it is ended: what a worker does to the outbox, without the queue before it."""

import time

import django

django.setup()

from integrations import delivery  # noqa: E402

if __name__ == "__main__":
    while True:
        delivery.fan_out()
        delivery.probe_systems()
        delivery.drain(until=time.monotonic() + 5)
        time.sleep(0.2)
