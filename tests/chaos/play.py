"""One run: a stack of its own, buyers, bad weather, a killer, recovery, the comparison."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from demo.clones import cloned_stack
from demo.environment import PROJECT
from demo.plan import Plan
from demo.stack import Stack
from portal.postgres.cluster import Cluster
from tests.chaos.clients import Client, Goods, Placed
from tests.chaos.killer import Killer
from tests.chaos.sides import Verdict, compared, erp_side, portal_side

# Parts of all calls that are spoiled: those that change something in the ERP, and those that only read.
WRITES_SPOILED, READS_SPOILED = 0.30, 0.05
PASSWORD = "chaos-8069-anything"

# Buyers of a customer without a credit limit: how much they may owe is not what is tried here.
PREPARE = """
import json
from decimal import Decimal
from accounts.actions.people import Identity, Invitation, enrol_member, register_person
from accounts.models import Address, Company
from accounts.queries.scopes import scope_for
from catalog.models import Product
from core.actor import Actor, acting
from pricing.answers import Ask
from pricing.queries import context_for, price_sheet
by = Actor("job:chaos", "Chaos")
company = Company.objects.get(number="C4000")
people = []
with acting(by):
    for nth in range({clients}):
        email = f"chaos{{nth}}@tarvos.example"
        user = register_person(Identity(email, f"Chaos {{nth}}"), password="{password}", by=by)
        enrol_member(company, Invitation(user=user, roles=("buyer",)), by=by)
        people.append(dict(email=email, password="{password}"))
ship_to = Address.objects.filter(company=company, is_ship_to=True).first().erp_id
scope = scope_for(user.pk, company.pk)
products = list(Product.objects.filter(status="active", base_unit="C62").order_by("sku")[:40])
answers = price_sheet(context_for(scope), [Ask(product.pk, Decimal(1), key=nth) for nth, product in enumerate(products)])
goods = []
for nth, product in enumerate(products):
    unit = product.units.filter(is_active=True, numerator=1, denominator=1).first()
    if unit is not None and not answers[nth].is_on_request and product.min_quantity <= 1 and product.step_quantity == 1:
        goods.append([product.sku, unit.key])
print("CHAOS" + json.dumps(dict(people=[dict(person, ship_to=ship_to) for person in people], goods=goods[:12])))
"""


@dataclass(frozen=True)
class Size:
    """How big a run is. seconds: for placing, killing and recovery together."""

    orders: int = 300
    clients: int = 4
    seconds: float = 570.0
    seed: int = 1


def play(cluster: Cluster, folder: Path, size: Size, *, tell: Callable[[str], None]) -> Verdict:
    """Place the orders while everything fails, let it recover, and compare both sides."""
    began = time.monotonic()
    with weather_station() as station:
        plan = Plan(folder, front_erp=station.before, tell=tell)
        with cloned_stack(cluster, folder, f"accord_clone_{os.getpid()}", plan) as stack:
            tell(f"ready after {time.monotonic() - began:.0f} s: portal {stack.url}, ERP {stack.erp_url}")
            return _played(stack, station, size, tell)


def _played(stack: Stack, station: Station, size: Size, tell: Callable[[str], None]) -> Verdict:
    ends_at = time.monotonic() + size.seconds
    known = _prepared(stack, size)
    placed = Placed()
    clients = [
        Client(
            stack.url,
            person,
            [Goods(*item) for item in known["goods"]],
            orders=size.orders // size.clients,
            placed=placed,
            seed=size.seed * 100 + nth,
            ends_at=ends_at,
        )
        for nth, person in enumerate(known["people"])
    ]
    station.make(seed=size.seed, writes=WRITES_SPOILED, reads=READS_SPOILED)
    killer = Killer(stack, seed=size.seed)
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients):
        killer.rage()
        tell(f"{len(placed.orders)} orders placed, {sum(killer.kills.values())} kills")
    # The worst comes while the orders that were taken are on their way.
    for _nth in range(3):
        killer.rage()
    killer.mend()
    station.make()
    tell(f"fair weather from here on; killed: {dict(killer.kills)}; faults: {station.faults()}")
    _recovered(stack, ends_at, tell)
    promised = {answer["number"]: answer for answer in placed.orders.values()}
    verdict = compared(promised, portal_side(stack), erp_side(stack))
    tell(f"{placed.repeats} requests were repeated by their clients, {len(placed.refused)} orders refused")
    for problem in [*placed.refused.values()][:5]:
        tell(f"refused: {problem}")
    return verdict


def _prepared(stack: Stack, size: Size) -> dict[str, Any]:
    command = PREPARE.format(clients=size.clients, password=PASSWORD)
    said = stack.manage("shell", "--no-imports", "--command", command)
    found: dict[str, Any] = json.loads(said.partition("CHAOS")[2])
    return found


def _recovered(stack: Stack, ends_at: float, tell: Callable[[str], None]) -> None:
    """Wait until nothing is on its way any more, or the time is up."""
    while time.monotonic() < ends_at:
        time.sleep(5)
        side = portal_side(stack)
        unsettled = [n for n, order in side["orders"].items() if order["status"] == "received"]
        tell(f"{side['open']} deliveries on their way, {len(unsettled)} orders not confirmed yet")
        if not side["open"] and not unsettled:
            return


class Station:
    """The fault proxy before the ERP, as a process of its own; it begins when the ERP's address is known."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def before(self, erp_url: str) -> str:
        """Start before an ERP, and give the address that the portal is to use."""
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT / "tests" / "proxy.py"), erp_url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["listening"]
        return self.url

    def make(self, **weather: float) -> None:
        """Let faults come by chance from now on; without values, none."""
        httpx2.put(f"{self.url}/-/weather", json=weather, timeout=30)

    def faults(self) -> dict[str, int]:
        """How many calls met which fault."""
        counts: dict[str, int] = {}
        for call in httpx2.get(f"{self.url}/-/seen", timeout=30).json():
            counts[call["fault"] or "none"] = counts.get(call["fault"] or "none", 0) + 1
        return counts


@contextmanager
def weather_station() -> Iterator[Station]:
    """A station that ends with the block."""
    station = Station()
    try:
        yield station
    finally:
        if station.process is not None:
            station.process.terminate()
            station.process.wait(timeout=20)
