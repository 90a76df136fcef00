"""Every flow that is read meets every fault: what it had stays, nothing is half taken, and the next run brings it all.

The tests of this file stand in one story: a portal that fills itself flow by flow, each of which first meets
every fault on its first call and in the middle of its reading, and then comes through (TST-06).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from accounts.models import Address, Company, LicenceKind
from integrations.flows import FLOWS, fed, in_order
from integrations.models import FlowState, System
from integrations.running import run_flow
from integrations.systems import ERP, PIM
from pricing.models import PricePolicy
from tests.integrations.conftest import (
    Proxy,
    Tryton,
    buyer_of,
    erp_settings,
    forget_connections,
    place,
    relay,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton")]

# How long a call may take where the line lets it hang for longer; elsewhere as long as in production.
IMPATIENCE, HANG_SECONDS = 1.5, 3.0
# What the hub notes about its own runs; everything else is what a flow brings.
OF_THE_HUB = {
    "core.case", "core.casestep", "core.event", "core.freshness", "integrations.flowrun",
    "integrations.flowstate", "integrations.system", "pricing.pricerun",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """How the line fails. heals: the reading comes through all the same."""

    name: str
    spoil: dict[str, object]
    heals: bool = False


FAULTS = (
    Fault("timeout", {"fault": "hang", "seconds": HANG_SECONDS}),
    Fault("503", {"fault": "status", "status": 503}),
    Fault("429", {"fault": "status", "status": 429}),
    Fault("429 with Retry-After", {"fault": "status", "status": 429, "retry_after": "7"}),
    Fault("500", {"fault": "status", "status": 500}),
    Fault("dropped before", {"fault": "drop_before"}),
    Fault("dropped after", {"fault": "drop_after"}),
    Fault("garbage", {"fault": "garbage"}),
    Fault("no rows", {"fault": "none", "method": "search_read"}),
    Fault("cut page", {"fault": "cut", "method": "search_read"}, heals=True),
    Fault("duplicate", {"fault": "twice"}, heals=True),
    Fault("slow", {"fault": "delay", "seconds": 0.7}, heals=True),
)
# How many calls of a reading come through before the line fails; the others read in one.
MIDDLE = {"erp.customers": 1, "erp.credit": 1, "erp.products": 1, "erp.stock": 1, "erp.prices": 3}
ERP_FLOWS = [flow.name for flow in fed() if flow.system == ERP]
PIM_FLOWS = [flow.name for flow in fed() if flow.system == PIM]


@dataclass
class Ground:
    """The portal of this story, and what can be done to the line to its systems."""

    tryton: Tryton
    proxy: Proxy
    drop: Path

    def prepare(self, name: str) -> None:
        """Let everything run that comes before a flow, if it has not yet."""
        for flow in in_order():
            if flow.name == name:
                return
            if not FlowState.objects.filter(flow=flow.name, last_success_at__isnull=False).exists():
                assert run_flow(flow.name, is_asked=True).error == ""
            if flow.name == "erp.costs":
                self.ship_an_order()

    def patience(self, seconds: float) -> override_settings:
        """How long a call to the ERP may take inside the block."""
        return override_settings(ERP=erp_settings(self.proxy.url, self.tryton.database, read_seconds=seconds))

    def ship_an_order(self) -> None:
        """Something for the flows of documents to bring: an order that the ERP has shipped and invoiced."""
        if Company.objects.filter(orders__isnull=False).exists():
            return
        buyer = buyer_of("C4000")
        assert Address.objects.filter(company=buyer.company, is_ship_to=True).exists()
        number = place(buyer, {"6204-2RS": 10}).number
        relay()
        self.tryton.act("ship", sale=number)
        self.tryton.act("post-invoice", sale=number)


A_LICENCE = {"customer": "C4000", "kind": "ANCHOR", "number": "ANK-F"}  # the seed has none to be read


@pytest.fixture(scope="module")
def ground(
    tryton: Tryton, _proxy: Proxy, drop: Path, tmp_path_factory, django_db_setup, django_db_blocker
) -> Iterator[Ground]:
    """One portal for all tests here; what they wrote is rolled back in the end."""
    folder = tmp_path_factory.mktemp("pim-of-faults") / "drop"
    shutil.copytree(drop, folder)
    erp = erp_settings(_proxy.url, tryton.database)
    _proxy.heal()
    forget_connections()
    with override_settings(ERP=erp, PIM_DROP=str(folder)), django_db_blocker.unblock():
        with transaction.atomic():
            give_back_the_rows_of_migrations()
            LicenceKind.objects.create(code="ANCHOR", name="Installer of anchor rods")
            tryton.act("show-licence", **A_LICENCE)
            try:
                yield Ground(tryton, _proxy, folder)
            finally:
                tryton.act("show-licence", **A_LICENCE, gone=True)
                transaction.set_rollback(True)
    _proxy.heal()
    forget_connections()


def give_back_the_rows_of_migrations() -> None:
    """Unmarked tests come last: a test before them that commits may have emptied every table."""
    contents = getattr(connection, "_test_serialized_contents", "")
    if contents and not PricePolicy.objects.exists():
        connection.creation.deserialize_db_from_string(contents)


def digest() -> str:
    """What the tables of facts hold, all of it."""
    told = hashlib.sha256()
    for model in apps.get_models():
        if not model._meta.managed or model._meta.label_lower in OF_THE_HUB:
            continue
        if model._meta.app_label not in ("core", "accounts", "catalog", "pricing", "orders", "integrations"):
            continue
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            rows = "coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
            cursor.execute(f"SELECT {rows} FROM {table} t")  # noqa: S608
            told.update(f"{table}{cursor.fetchone()[0]}".encode())
    return told.hexdigest()


def systems_answer() -> None:
    """Let the time pass until a system that was left alone is asked again, and answers."""
    System.objects.update(down_since=None, failures=0, next_probe_at=None, rest_until=None)


@pytest.mark.req("TST-06", "INT-25", "INT-26", "INT-34", "INT-48")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("name", ERP_FLOWS)
def test_a_fault_leaves_what_was_known_and_the_next_run_goes_on(ground: Ground, name: str, fault: Fault):
    ground.prepare(name)
    systems_answer()
    before, state = digest(), FlowState.objects.filter(flow=name).first()
    cursor, failures = (state.cursor, state.failures) if state else ({}, 0)
    ground.proxy.client.put(
        "/-/faults", json=[{"method": "model.", "spared": MIDDLE.get(name, 0), **fault.spoil}]
    )

    with ground.patience(IMPATIENCE if fault.name == "timeout" else 35.0):
        run = run_flow(name, is_full=True, is_asked=True)

    ground.proxy.heal()
    state = FlowState.objects.get(flow=name)
    if fault.heals:
        assert (run.error, state.failures) == ("", 0)
        return
    if fault.name == "no rows" and run.error == "":
        # The page was asked for again, since the ERP's own count says that there are rows: then nothing is missing.
        again = run_flow(name, is_full=True, is_asked=True)
        assert (again.seen, again.new, again.changed, again.removed) == (run.seen, 0, 0, 0)
        return
    assert run.error != ""
    assert (run.seen, run.new, run.changed, run.removed) == (0, 0, 0, 0)
    assert (state.cursor, state.failures, state.claimed_until) == (cursor, failures + 1, None)
    assert state.next_run_at > timezone.now()
    assert digest() == before
    if "retry_after" in fault.spoil:
        assert System.objects.get(key=ERP).rest_until - timezone.now() > timedelta(seconds=5)


@pytest.mark.req("TST-06", "INT-27")
@pytest.mark.parametrize("name", ERP_FLOWS)
def test_after_all_faults_everything_comes_once(ground: Ground, name: str):
    ground.prepare(name)
    systems_answer()

    first = run_flow(name, is_full=True, is_asked=True)
    held = digest()
    second = run_flow(name, is_full=True, is_asked=True)

    assert (first.error, second.error) == ("", "")
    assert second.seen > 0
    assert (second.new, second.changed, second.removed, second.same) == (0, 0, 0, second.seen)
    assert digest() == held


def _manifest_gone(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _manifest_cut(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_bytes(file.read_bytes()[:-40])


def _file_gone(folder: Path) -> None:
    next(folder.rglob("*.jsonl")).unlink()


def _file_cut(folder: Path) -> None:
    file = next(folder.rglob("*.jsonl"))
    file.write_bytes(file.read_bytes()[:-100])


def _file_garbage(folder: Path) -> None:
    file = next(folder.rglob("*.jsonl"))
    file.write_bytes(b"\x00\xff" * (file.stat().st_size // 2))


FILE_FAULTS: tuple[Callable[[Path], None], ...] = (
    _manifest_gone,
    _manifest_cut,
    _file_gone,
    _file_cut,
    _file_garbage,
)


@pytest.mark.req("TST-06", "INT-48")
@pytest.mark.parametrize("spoil", FILE_FAULTS, ids=lambda spoil: spoil.__name__.strip("_"))
@pytest.mark.parametrize("name", PIM_FLOWS)
def test_a_damaged_delivery_is_refused_whole(ground: Ground, tmp_path: Path, name: str, spoil):
    ground.prepare(name)
    systems_answer()
    assert run_flow(name, is_full=True, is_asked=True).error == ""
    before, cursor = digest(), FlowState.objects.get(flow=name).cursor
    shutil.copytree(ground.drop, tmp_path / "bad")
    spoil(tmp_path / "bad")

    with override_settings(PIM_DROP=str(tmp_path / "bad")):
        run = run_flow(name, is_full=True, is_asked=True)

    assert run.error != ""
    assert digest() == before
    assert FlowState.objects.get(flow=name).cursor == cursor
    systems_answer()
    again = run_flow(name, is_full=True, is_asked=True)
    assert (again.error, again.new, again.changed, again.same) == ("", 0, 0, again.seen)


# The mark is what makes the run's database; the other tests may not carry it, or each would end in a roll-back.
@pytest.mark.django_db
def test_every_flow_that_is_read_is_in_the_matrix():
    assert {*ERP_FLOWS, *PIM_FLOWS} == {flow.name for flow in FLOWS.values() if flow.is_fed}
