"""A real Tryton on the test cluster, a fault proxy before it, and orders on their way to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from accounts.models import Address, Company
from catalog.models import Product, Warehouse
from demo.pim.drop import write
from integrations import delivery
from integrations.connectors.tryton import company, transport
from integrations.models import System
from integrations.running import run_flow
from orders.actions.cart import CartItem, add_line
from orders.actions.checkout import checkout
from orders.models import Order
from orders.queries.cart import cart_for
from tests.conftest import Member, enrol
from tests.databases import cluster_of_tests, drop_leftovers
from tests.demo.erp_client import PASSWORD, Batch, Erp, Session, heard
from tests.factories.orders import choice_of, reprice

MASTER_DATA = (
    "erp.terms",
    "erp.customers",
    "erp.taxes",
    "erp.warehouses",
    "erp.products",
    "pim.categories",
    "pim.content",
)
PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Tryton:
    """The running ERP: its staff by scenarios, a session to look into it, and how it is reached."""

    database: str
    url: str
    staff: Batch
    session: Session

    def act(self, scenario: str, **arguments: Any) -> dict[str, Any]:
        """Let the ERP's staff do something; an AssertionError when they cannot."""
        answer = self.staff(scenario, **arguments)
        assert "ok" in answer, answer
        return answer["ok"]

    def sales(self, number: str) -> list[dict[str, Any]]:
        """The sales that the ERP holds under one of our numbers."""
        fields = ["number", "state", "untaxed_amount", "tax_amount", "invoice_party.code"]
        return self.session.rows("sale.sale", [["portal_key", "=", number]], fields)


@pytest.fixture(scope="session")
def tryton() -> Iterator[Tryton]:
    """A Tryton on PostgreSQL: its template is built once per checkout and cloned for each run."""
    access = cluster_of_tests().ensure()
    drop_leftovers(access)
    uri = access.url("").replace("postgres://", "postgresql://")
    erp = Erp(PROJECT / "var" / "test-erp-postgres", uri)
    database = f"erp_accord_clone_{os.getpid()}"
    erp.run("--db", database, "init")
    server = erp.start("--db", database, "serve", "--port", "0", "--die-with-parent")
    try:
        url = heard(server)["listening"]
        with erp.staff(database) as staff:
            yield Tryton(database, url, staff, Session(url, database))
    finally:
        server.terminate()
        server.communicate(timeout=30)
        erp.run("--db", database, "drop", check=False)


class Proxy:
    """The fault proxy, told over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx2.Client(base_url=url, timeout=30)

    def spoil(self, method: str, fault: str, **more: Any) -> None:
        """Spoil the next call of a method; further ones with times=."""
        self.client.put("/-/faults", json=[{"method": method, "fault": fault, **more}])

    def heal(self) -> None:
        """No more faults."""
        self.client.put("/-/faults", json=[])

    def seen(self, method: str = "") -> list[dict[str, Any]]:
        """The calls that came, of a method."""
        return [call for call in self.client.get("/-/seen").json() if method in call["method"]]

    def forget(self) -> None:
        """Begin to count anew."""
        self.client.put("/-/seen")


@pytest.fixture(scope="session")
def _proxy(tryton: Tryton) -> Iterator[Proxy]:
    script = str(PROJECT / "tests" / "proxy.py")
    process = subprocess.Popen(
        [sys.executable, script, tryton.url], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    yield Proxy(heard(process)["listening"])
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def proxy(_proxy: Proxy) -> Iterator[Proxy]:
    """The fault proxy, without faults at the beginning and at the end."""
    _proxy.heal()
    _proxy.forget()
    yield _proxy
    _proxy.heal()


def forget_connections() -> None:
    """Let the next call open a connection of its own."""
    transport._connections.clear()
    company.ground_of.cache_clear()


def erp_settings(url: str, database: str, **more: Any) -> dict[str, Any]:
    """The setting ERP for a place."""
    return {
        "url": url,
        "database": database,
        "user": "portal",
        "password": PASSWORD,
        "connect_seconds": 2.0,
        "read_seconds": 35.0,
        **more,
    }


@pytest.fixture(scope="session")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PIM's drop of the demo company."""
    folder = tmp_path_factory.mktemp("pim")
    write(folder)
    return folder


@pytest.fixture
def connected(tryton: Tryton, proxy: Proxy, settings: Any) -> Iterator[Tryton]:
    """The ERP as the portal reaches it: through the proxy."""
    settings.ERP = erp_settings(proxy.url, tryton.database)
    forget_connections()
    yield tryton
    forget_connections()


@pytest.fixture
def shop(connected: Tryton, proxy: Proxy, drop: Path, settings: Any, db: None) -> Tryton:
    """The portal after it has read customers and products; two of them have list prices."""
    settings.PIM_DROP = str(drop)
    for name in MASTER_DATA:
        run = run_flow(name)
        assert run is not None
        assert not run.error, run.error
    # One warehouse is enough to order from, and what it holds is not what is tested here.
    Warehouse.objects.exclude(code="WH").update(is_active=False)
    for sku, price in (("4762-M8X30-88Z", "0.1500"), ("6204-2RS", "4.1000")):
        reprice(Product.objects.get(sku=sku), price)
    proxy.forget()
    return connected


def buyer_of(number: str) -> Member:
    """Somebody who buys for a customer of the ERP."""
    return enrol(f"Buyer {number}", Company.objects.get(number=number), "buyer")


def place(member: Member, quantities: dict[str, int]) -> Order:
    """An order of the member over these pieces."""
    for sku, quantity in quantities.items():
        add_line(member.scope, CartItem(sku, Decimal(quantity), "u"), by=member.actor)
    ship_to = Address.objects.filter(company=member.company, is_ship_to=True).first()
    assert ship_to is not None
    choice = choice_of(member, ship_to_erp_id=ship_to.erp_id)
    return checkout(cart_for(member.scope), choice, by=member.actor)


def relay(seconds: float = 20.0) -> None:
    """Hand out what has happened and deliver what is due, as a tick of the worker does."""
    delivery.fan_out()
    delivery.probe_systems()
    delivery.drain(until=time.monotonic() + seconds)


def system_is_up(key: str = "erp") -> bool:
    """Whether no worker leaves a system alone."""
    return not System.objects.filter(key=key, down_since__isnull=False).exists()
