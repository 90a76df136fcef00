"""Shadow runs and waves of inbound flows: what would differ is told, what is not meant stays as it was (OPS-16, OPS-03)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.actions.stock import apply_stock, apply_warehouses
from catalog.models import StockLevel, Warehouse
from catalog.records import StockRecord, WarehouseRecord
from core.errors import WrongState
from core.models import Event, Freshness
from integrations import feeds, running
from integrations.actions.flows import ask_for_run
from integrations.actions.settings import change_flow_settings
from integrations.actions.switches import roll_back_flow
from integrations.batches import Batch
from integrations.flows import FLOWS
from integrations.models import Difference, FlowRun, FlowState
from integrations.running import due_flows, run_flow
from integrations.states import FlowMode
from integrations.systems import job_actor
from pricing.models import PriceRow
from pricing.records import PriceRecord
from tests.factories.catalog import CategoryFactory
from tests.factories.orders import sell
from tests.factories.pricing import PriceListFactory

pytestmark = pytest.mark.django_db
BY = job_actor("test")


@pytest.fixture
def told(monkeypatch):
    """Let a flow bring these records, as if its connector had read them: told(flow, take, records)."""

    def tell(name, take, records, **more):
        def feed(reading):
            keys = {getattr(record, "sku", "") for record in records}
            batch = Batch(
                as_of=timezone.now(), cursor={"at": "now"}, records=list(records), keys=keys, **more
            )
            return feeds._taken(batch, take, reading, calls=1)

        monkeypatch.setitem(FLOWS, name, replace(FLOWS[name], feed=feed))

    return tell


def stock(sku: str, on_hand: int) -> StockRecord:
    return StockRecord(sku=sku, warehouse_code="LNZ", on_hand=Decimal(on_hand), as_of=timezone.now())


def shadow(name: str) -> None:
    change_flow_settings(name, {"mode": FlowMode.SHADOW}, by=BY, note="Look first")


@pytest.mark.req("OPS-16")
def test_a_shadow_run_reports_differences_and_changes_nothing(told):
    for sku, on_hand in (("OLD", 5), ("SAME", 7), ("NEW", None)):
        sell(sku, on_hand=on_hand)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("OLD", 3), stock("SAME", 7), stock("NEW", 9)])
    shadow("erp.stock")
    before = list(StockLevel.objects.order_by("id").values())
    row = FlowState.objects.filter(flow="erp.stock").values("cursor", "as_of", "last_success_at").get()
    events = Event.objects.count()

    run = run_flow("erp.stock", is_asked=True)

    assert (run.mode, run.new, run.changed, run.same, run.seen) == ("shadow", 1, 1, 1, 3)
    found = {item.change: item for item in Difference.objects.filter(run=run)}
    assert {kind: (item.ours, item.theirs) for kind, item in found.items() if kind == "changed"} == {
        "changed": ({"on_hand": "5.000000"}, {"on_hand": "3.000000"})
    }
    assert found["new"].theirs["on_hand"] == "9.000000"
    assert found["new"].ours == {}
    assert list(StockLevel.objects.order_by("id").values()) == before
    assert Event.objects.count() == events
    assert not Freshness.objects.filter(kind="stock", as_of__isnull=False).exists()
    assert (
        FlowState.objects.filter(flow="erp.stock").values("cursor", "as_of", "last_success_at").get() == row
    )


@pytest.mark.req("OPS-16")
def test_a_shadow_run_of_prices_shows_what_would_end_and_what_would_begin(told):
    sell("BOLT", "2.00")
    prices = PriceListFactory(code="C-1")
    record = PriceRecord(price_list_code=prices.code, sku="BOLT", unit_price="1.80")
    told("erp.prices", feeds._prices, [record])
    shadow("erp.prices")
    before = list(PriceRow.objects.order_by("id").values())

    run = run_flow("erp.prices", is_asked=True)

    [found] = Difference.objects.filter(run=run, change="new", key__startswith="pricing.PriceRow")
    assert (run.new, found.theirs["unit_price"]) == (1, "1.800000")
    assert list(PriceRow.objects.order_by("id").values()) == before


@pytest.mark.req("OPS-16")
def test_what_a_whole_reading_would_remove_is_told_by_name(told):
    sell("BOLT", on_hand=4)
    sell("NUT", on_hand=4)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("BOLT", 4)], is_full=True)
    shadow("erp.stock")

    run = run_flow("erp.stock", is_asked=True, is_full=True)

    assert run.removed == 1
    assert len(Difference.objects.filter(run=run)) == 1
    assert StockLevel.objects.count() == 2


def test_shadow_runs_that_find_the_same_leave_one_row_and_keep_the_newest_differences(told):
    sell("OLD", on_hand=5)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("OLD", 3)])
    shadow("erp.stock")

    for _again in range(3):
        run_flow("erp.stock")
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("OLD", 3), stock("NONE", 1)])
    run_flow("erp.stock")

    assert list(FlowRun.objects.order_by("id").values_list("changed", "rejected")) == [(1, 0), (1, 1)]
    assert Difference.objects.count() == 1


@pytest.mark.req("OPS-16")
def test_a_flow_that_goes_live_brings_all_that_it_only_compared(told):
    sell("OLD", on_hand=5)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("OLD", 3)])
    shadow("erp.stock")
    run_flow("erp.stock")

    change_flow_settings(
        "erp.stock", {"mode": FlowMode.LIVE, "steward": "ops@nordwind.example"}, by=BY, note="It agrees"
    )
    run = run_flow("erp.stock")

    assert (run.mode, run.changed, run.settings_version) == ("live", 1, 2)
    assert StockLevel.objects.get().on_hand == 3


def test_a_held_inbound_flow_does_not_run_even_when_asked(told):
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("OLD", 3)])
    change_flow_settings("erp.stock", {"mode": FlowMode.HELD}, by=BY, note="Not now")

    assert run_flow("erp.stock", is_asked=True) is None
    assert "erp.stock" not in {flow.name for flow, _slow in due_flows()}


@pytest.mark.req("OPS-03")
def test_what_is_outside_a_wave_stays_as_it_was_and_is_counted(told):
    screws = CategoryFactory(slug="screws")
    below = CategoryFactory(slug="wood-screws", parent=screws)
    sell("S", on_hand=5, category=screws)
    sell("W", on_hand=5, category=below)
    sell("O", on_hand=5, category=CategoryFactory(slug="other"))

    def read_all():
        return [stock(sku, 1) for sku in ("S", "W", "O")]

    told("erp.stock", feeds._maybe_full(apply_stock), read_all(), is_full=True)
    change_flow_settings("erp.stock", {"rollout": {"category": ["screws"]}}, by=BY, note="First wave")
    first = run_flow("erp.stock", is_asked=True, is_full=True)
    levels = dict(StockLevel.objects.values_list("product__sku", "on_hand"))
    change_flow_settings("erp.stock", {"rollout": {}}, by=BY, note="All")
    told("erp.stock", feeds._maybe_full(apply_stock), read_all(), is_full=True)
    second = run_flow("erp.stock", is_asked=True, is_full=True)

    assert (first.seen, first.changed, first.removed, first.outside) == (2, 2, 0, 1)
    assert levels == {"S": 1, "W": 1, "O": 5}
    assert (second.seen, second.changed, second.same, second.outside) == (3, 1, 2, 0)


@pytest.mark.req("OPS-05", "PRC-25")
def test_a_wave_of_prices_is_rolled_back_with_what_it_brought(told):
    sell("BOLT", "2.00", category=CategoryFactory(slug="screws"))
    prices = PriceListFactory(code="C-1")
    told("erp.prices", feeds._prices, [PriceRecord(price_list_code="C-1", sku="BOLT", unit_price="9.99")])
    change_flow_settings("erp.prices", {"mode": FlowMode.HELD}, by=BY, note="Not yet")
    change_flow_settings(
        "erp.prices", {"mode": FlowMode.LIVE, "rollout": {"category": ["screws"]}}, by=BY, note="First wave"
    )
    run = run_flow("erp.prices", is_asked=True)
    brought = PriceRow.objects.filter(price_list=prices, ended_run=None).count()

    restored = roll_back_flow("erp.prices", by=BY, reason="Wrong decimals", with_data=True)

    run.refresh_from_db()
    assert (run.new, brought) == (1, 1)
    assert run.undone_at is not None
    assert restored.mode == FlowMode.HELD
    assert not PriceRow.objects.filter(price_list=prices, ended_run=None).exists()


@pytest.fixture
def first_wave(told):
    """Prices whose flow has gone live and has not run since."""
    sell("BOLT", "2.00", category=CategoryFactory(slug="screws"))
    PriceListFactory(code="C-1")
    change_flow_settings("erp.prices", {"mode": FlowMode.HELD}, by=BY, note="Not yet")
    change_flow_settings("erp.prices", {"mode": FlowMode.LIVE}, by=BY, note="All at once")

    def bring(before=lambda: None):
        def take(batch, by, is_whole):
            before()
            return feeds._prices(batch, by, is_whole)

        told("erp.prices", take, [PriceRecord(price_list_code="C-1", sku="BOLT", unit_price="9.99")])
        return run_flow("erp.prices", is_asked=True)

    return bring


def brought():
    return PriceRow.objects.filter(price_list__code="C-1", ended_run=None).exists()


@pytest.mark.req("OPS-05")
def test_while_a_run_is_under_way_its_data_are_not_taken_back_and_afterwards_they_are(first_wave):
    refusals = []

    def roll_back_too_early():
        with pytest.raises(WrongState) as refusal:
            roll_back_flow("erp.prices", by=BY, reason="Wrong decimals", with_data=True)
        refusals.append(refusal.value.code)

    first_wave(before=roll_back_too_early)
    came = brought()
    roll_back_flow("erp.prices", by=BY, reason="Wrong decimals", with_data=True)

    assert refusals == ["wrong_state"]
    assert came
    assert not brought()


@pytest.mark.req("OPS-05")
def test_a_run_that_begins_while_its_flow_is_set_back_brings_nothing(first_wave, monkeypatch):
    claim = running.claim_flow

    def late(name):
        roll_back_flow(name, by=BY, reason="Wrong decimals", with_data=True)
        return claim(name)

    monkeypatch.setattr(running, "claim_flow", late)

    run = first_wave()

    assert run is None
    assert not brought()
    assert FlowState.objects.get(flow="erp.prices").claimed_until is None


def test_a_rehearsal_that_fails_is_a_failed_run_and_leaves_nothing(told):
    def broken(batch, by, is_whole):
        apply_warehouses([WarehouseRecord(code="X", name="X")], by=by)
        raise RuntimeError("broken")

    told("erp.warehouses", broken, [WarehouseRecord(code="X", name="X")])
    shadow("erp.warehouses")

    run = run_flow("erp.warehouses", is_asked=True)

    assert "Unexpected RuntimeError" in run.error
    assert not Warehouse.objects.filter(code="X").exists()


@pytest.mark.req("INT-64")
@pytest.mark.parametrize("is_full", [True, False])
def test_a_whole_reading_asked_for_while_a_run_reads_comes_afterwards(told, monkeypatch, is_full):
    sell("A", on_hand=1)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("A", 3)])
    run_flow("erp.stock", is_asked=True, is_full=True)
    read = FLOWS["erp.stock"].feed

    def meanwhile(reading):
        change_flow_settings("erp.stock", {"every_seconds": 7}, by=BY, note="Faster")
        ask_for_run("erp.stock", is_full=True)
        return read(reading)

    monkeypatch.setitem(FLOWS, "erp.stock", replace(FLOWS["erp.stock"], feed=meanwhile))
    run_flow("erp.stock", is_asked=True, is_full=is_full)

    state = FlowState.objects.get(flow="erp.stock")
    assert state.full_due_at <= timezone.now()
    assert state.next_run_at <= timezone.now()
    assert state.claimed_by == ""


@pytest.mark.req("INT-64")
def test_settings_that_changed_before_the_claim_are_those_it_runs_with(told, monkeypatch):
    sell("A", on_hand=1)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("A", 3)])
    run_flow("erp.stock", is_asked=True, is_full=True)
    claim = running.claim_flow

    def late(name):
        change_flow_settings(name, {"mode": FlowMode.SHADOW}, by=BY, note="Look")
        change_flow_settings(name, {"mode": FlowMode.LIVE, "steward": "ops@acme.example"}, by=BY, note="Go")
        return claim(name)

    monkeypatch.setattr(running, "claim_flow", late)
    run = run_flow("erp.stock", is_asked=True)

    assert run.settings_version == 2


def test_a_run_whose_lease_ran_out_does_not_end_the_claim_of_the_next(told, monkeypatch):
    sell("A", on_hand=1)
    told("erp.stock", feeds._maybe_full(apply_stock), [stock("A", 3)])
    read = FLOWS["erp.stock"].feed
    until = timezone.now() + timedelta(minutes=20)

    def slow(reading):
        FlowState.objects.filter(flow="erp.stock").update(
            claimed_until=until, claimed_by="elsewhere:1:1", cursor={"at": "later"}
        )
        return read(reading)

    monkeypatch.setitem(FLOWS, "erp.stock", replace(FLOWS["erp.stock"], feed=slow))
    run = run_flow("erp.stock", is_asked=True)

    state = FlowState.objects.get(flow="erp.stock")
    assert run.error == ""
    assert (state.claimed_by, state.claimed_until) == ("elsewhere:1:1", until)
    assert state.cursor == {"at": "later"}
