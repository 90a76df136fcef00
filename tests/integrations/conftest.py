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
from django.test import override_settings

from accounts.actions import erp as accounts
from accounts.models import Address, Company
from catalog.actions.categories import apply_categories
from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.actions.stock import apply_warehouses
from catalog.models import Product
from demo.pim.drop import write
from integrations import delivery
from integrations.connectors.pim_files import reading as pim
from integrations.connectors.tryton import company, masters, transport
from integrations.connectors.tryton.writing import checking, posting, reserving
from integrations.models import System
from integrations.systems import flow_actor
from orders.actions.cart import CartItem, add_line
from orders.actions.checkout import checkout
from orders.models import Order
from orders.queries.cart import cart_for
from orders.records import ErpOrderRecord, OrderSnapshot
from pricing.actions.lists import apply_tax_rates
from tests.conftest import Member, enrol
from tests.databases import cluster_of_tests, drop_leftovers
from tests.demo.erp_client import PASSWORD, Batch, Erp, Session, heard
from tests.factories.orders import choice_of, reprice

PRICES = {"4762-M8X30-88Z": "0.1500", "6204-2RS": "4.1000"}
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
    company.seat_of.cache_clear()


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


@dataclass(frozen=True)
class MasterData:
    """What the connectors read of customers and of the two products that tests order."""

    terms: list[Any]
    customers: list[Any]
    taxes: list[Any]
    warehouses: list[Any]
    products: list[Any]
    categories: list[Any]
    content: list[Any]


@pytest.fixture(scope="session")
def master_data(tryton: Tryton, drop: Path) -> MasterData:
    """Read once per run, through the connectors; the flows themselves are tested elsewhere."""
    access = transport.Access(tryton.url, tryton.database, "portal", lambda: PASSWORD)
    erp = transport.Tryton(access)

    def read(name: str) -> list[Any]:
        return getattr(masters, f"read_{name}")(erp, {}, is_full=True).records

    with override_settings(PIM_DROP=str(drop)):
        categories = pim.read_categories({}, is_full=True).records
        content = pim.read_content({}, is_full=True).records
    return MasterData(
        terms=read("payment_terms"),
        customers=read("customers"),
        taxes=read("tax_rates"),
        # One warehouse is enough to order from, and what it holds is not what is tested here.
        warehouses=[record for record in read("warehouses") if record.code == "WH"],
        products=[record for record in read("products") if record.sku in PRICES],
        categories=categories,
        content=[record for record in content if record.sku in PRICES],
    )


@pytest.fixture
def shop(connected: Tryton, proxy: Proxy, master_data: MasterData, db: None) -> Tryton:
    """The portal with the ERP's customers and two of its products, which have list prices."""
    by = flow_actor("erp.test")
    accounts.apply_payment_terms(master_data.terms, by=by)
    accounts.apply_customers(master_data.customers, by=by)
    apply_tax_rates(master_data.taxes, by=by)
    apply_warehouses(master_data.warehouses, by=by)
    apply_products(master_data.products, by=by)
    by_pim = flow_actor("pim.test", system="pim")
    apply_categories(master_data.categories, by=by_pim)
    apply_content(master_data.content, by=by_pim)
    for sku, price in PRICES.items():
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


def submit(snapshot: OrderSnapshot) -> ErpOrderRecord:
    """Bring an order to the ERP in one go, by the steps of its process."""
    reserving.reserve_order(snapshot, checking.check_order(snapshot))
    return posting.post_order(snapshot)


def relay(seconds: float = 20.0) -> None:
    """Hand out what has happened and deliver what is due, as a tick of the worker does."""
    delivery.fan_out()
    delivery.probe_systems()
    delivery.drain(until=time.monotonic() + seconds)


def system_is_up(key: str = "erp") -> bool:
    """Whether no worker leaves a system alone."""
    return not System.objects.filter(key=key, down_since__isnull=False).exists()
