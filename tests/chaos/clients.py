"""Clients that order over the API and do what a careful client does: the same key until there is an answer."""

from __future__ import annotations

import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2

from demo.telling.browser import PlainBrowser

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Goods:
    """What a client may order. sku, unit: as the API names them."""

    sku: str
    unit: str


@dataclass
class Placed:
    """What the clients know: the orders that the portal said it has taken, and what it refused.

    orders: {key: answer}. refused: {key: problem}. repeats: how often an answer was asked for again.
    """

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)
    repeats: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Note an order; two answers to one key must name the same order."""
        with self.lock:
            known = self.orders.setdefault(key, answer)
        if known["number"] != answer["number"]:
            raise AssertionError(f"key {key} answered {known['number']} and {answer['number']}")


class Client(threading.Thread):
    """One buyer at a desk: so many orders one after the other, some of them sent twice at once."""

    def __init__(
        self,
        site: str,
        person: dict[str, str],
        goods: list[Goods],
        *,
        orders: int,
        placed: Placed,
        seed: int,
        ends_at: float,
    ) -> None:
        super().__init__(daemon=True, name=person["email"])
        self.site, self.person, self.goods, self.orders = site, person, goods, orders
        self.placed, self.chance, self.ends_at = placed, random.Random(seed), ends_at
        self.browser = PlainBrowser(site)
        self.browser.sign_in(person["email"], person["password"])
        self.ship_to = person["ship_to"]

    def run(self) -> None:
        """Order; a key that has no answer yet is asked for again until there is one or time is up."""
        for _nth in range(self.orders):
            key, wanted = uuid.uuid4().hex, self._wanted()
            twins = [threading.Thread(target=self._until_answered, args=(key, wanted)) for _ in range(1)]
            if self.chance.random() < 0.2:
                twins.append(threading.Thread(target=self._until_answered, args=(key, wanted)))
            for twin in twins:
                twin.start()
            for twin in twins:
                twin.join()
            time.sleep(self.chance.uniform(0, 0.2))

    def _wanted(self) -> dict[str, Any]:
        chosen = self.chance.sample(self.goods, k=self.chance.randint(1, min(3, len(self.goods))))
        lines = [
            {"sku": item.sku, "unit": item.unit, "quantity": str(self.chance.randint(1, 4))}
            for item in chosen
        ]
        return {"ship_to": self.ship_to, "po_number": f"PO-{self.chance.randrange(10**6)}", "lines": lines}

    def _until_answered(self, key: str, wanted: dict[str, Any]) -> None:
        while time.monotonic() < self.ends_at:
            try:
                answer = self._post(key, wanted)
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code == 201:
                self.placed.keep(key, answer.json())
                return
            if (
                answer is not None
                and 400 <= answer.status_code < 500
                and answer.status_code not in (409, 429)
            ):
                self.placed.refused[key] = answer.text[:300]
                return
            self.placed.repeats += 1
            time.sleep(0.3)

    def _post(self, key: str, wanted: dict[str, Any]) -> httpx2.Response:
        headers = {
            "Idempotency-Key": key,
            "X-CSRFToken": self.browser.client.cookies.get("csrftoken") or "",
            "Referer": f"{self.site}/",
        }
        return self.browser.client.post(
            "/api/v1/orders/", json=wanted, headers=headers, timeout=PATIENCE_SECONDS
        )
