"""Flows against a real Tryton: everything comes, the second run writes nothing, changes follow."""

import os
import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Max
from django.utils import timezone

from accounts.models import Address, Company, CreditAccount, PaymentTerm
from accounts.queries.billing import billing_of
from catalog.models import Product, ProductUnit, StockLevel
from core import freshness
from core.models import Case, CaseState
from demo.company.customers import CUSTOMERS
from integrations.actions.flows import claim_flow, pause_flow, resume_flow
from integrations.delivery import probe_systems
from integrations.flows import FLOWS, in_order
from integrations.holders import _began
from integrations.models import FlowRun, FlowState, System
from integrations.repairs import repair_case
from integrations.running import due_flows, run_flow
from integrations.systems import job_actor
from pricing.models import ItemCost, PriceRow, TaxRate
from pricing.queries import Ask, context_for_company, price_sheet
from tests.integrations.conftest import forget_connections

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"
DOCUMENTS = ("erp.order-states", "erp.shipments", "erp.invoices")
MASTER_FLOWS = [flow.name for flow in in_order() if flow.name not in DOCUMENTS]
PRICE_FLOWS = [
    "erp.terms",
    "erp.customers",
    "erp.taxes",
    "erp.products",
    "erp.price-lists",
    "erp.assignments",
    "erp.prices",
]
BY = job_actor("test")


@pytest.fixture
def portal(connected, proxy, drop, settings):
    """An empty portal between the ERP and the PIM's drop."""
    settings.PIM_DROP = str(drop)
    return connected


def run_all(names=MASTER_FLOWS, **options) -> dict[str, FlowRun]:
    runs = {}
    for flow in in_order(list(names)):
        run = run_flow(flow.name, is_asked=True, **options)
        assert run is not None, flow.name
        assert run.error == "", f"{flow.name}: {run.error}"
        runs[flow.name] = run
    return runs


def history_rows() -> int:
    return sum(m.history.count() for m in (Company, Address, CreditAccount, Product))


@pytest.mark.req("ACC-10", "UOM-02", "INV-01", "ACC-01", "ACC-03", "PRC-01", "UOM-01")
def test_everything_comes_once_and_the_second_run_changes_and_writes_nothing(portal):
    first = run_all()
    versions = (history_rows(), PriceRow.objects.aggregate(last=Max("id"))["last"])
    second = run_all()
    whole = run_all(is_full=True)

    assert all(run.rejected == 0 for run in (*first.values(), *second.values(), *whole.values()))
    assert first["erp.products"].new == Product.objects.count() == 345
    assert first["erp.stock"].new == StockLevel.objects.count() == 690
    # The seed, and whoever other tests have registered in the same ERP before.
    assert first["erp.customers"].new == Company.objects.count()
    assert {c.code for c in CUSTOMERS} <= set(Company.objects.values_list("number", flat=True))
    assert all(run.new == run.changed == run.removed == 0 for run in (*second.values(), *whole.values()))
    assert whole["erp.prices"].same == first["erp.prices"].new == PriceRow.objects.count()
    assert (history_rows(), PriceRow.objects.aggregate(last=Max("id"))["last"]) == versions
    assert not Case.objects.exists()

    box = ProductUnit.objects.get(product__sku=SCREW, code="XBX")
    assert (box.key, box.numerator, box.denominator) == ("b200", 200, 1)
    ulm = Company.objects.get(number="C1001")
    assert ulm.parent.number == "C1000"
    assert billing_of(ulm).company.number == "C1000"
    assert CreditAccount.objects.get(company__number="C3000").limit_amount == 1500
    assert CreditAccount.objects.get(company__number="C4000").limit_amount is None
    assert ItemCost.objects.count() == 345
    assert TaxRate.objects.get().percent == 20
    assert PaymentTerm.objects.get(code="net30").net_days == 30
    assert Product.objects.exclude(description="").count() == 345


@pytest.mark.req("PRC-02", "PRC-03", "PRC-10")
def test_five_hundred_random_asks_equal_the_answers_of_the_erp(portal):
    run_all(PRICE_FLOWS)
    chance = random.Random(20261121)
    lists = portal.session.ids("product.price_list", "name")
    ids = portal.session.ids("product.product", "code")
    units = list(ProductUnit.objects.select_related("product"))
    of_company = {
        "C1000": "Key account",
        "C1001": "Key account",
        "C2000": "Dealer",
        "C3000": "Dealer",
        "C4000": None,
    }
    compared = 0
    for number, price_list in of_company.items():
        context = context_for_company(Company.objects.get(number=number))
        for _ in range(16):
            # The ERP answers one quantity and unit at a time, for any number of products.
            key = chance.choice(units).key
            quantity = Decimal(chance.choice([1, 2, 3, 5, 7, 10, 25, 40, 50, 60, 125, 300, 1200]))
            same_unit = [unit for unit in units if unit.key == key]
            sold = chance.sample(same_unit, min(10, len(same_unit)))
            asks = [
                Ask(unit.product_id, quantity * unit.numerator / unit.denominator, key=unit.product.sku)
                for unit in sold
            ]
            answers = price_sheet(context, asks)
            asked = {"quantity": float(quantity), "uom": int(sold[0].erp_id), "currency": 1}
            if price_list:
                asked["price_list"] = lists[price_list]
            rows = portal.session(
                "product.product.read",
                [ids[u.product.sku] for u in sold],
                ["code", "sale_price_uom"],
                **asked,
            )
            theirs = {row["code"]: row["sale_price_uom"] for row in rows}
            for unit in sold:
                ours = answers[unit.product.sku].unit_price_for(unit.numerator, unit.denominator)
                assert round(ours, 4) == theirs[unit.product.sku], (number, unit.product.sku, key, quantity)
                compared += 1
    assert compared >= 500


@pytest.mark.req("PRC-10")
def test_what_changes_in_the_erp_follows_and_only_that_is_written(portal):
    names = [*PRICE_FLOWS, "erp.credit", "erp.warehouses", "erp.stock"]
    run_all(names)
    portal.act("change-stock", product=BEARING, quantity=77, warehouse="EAST")
    portal.act("change-sale-units", product=SCREW, minimum=400, step=200)
    portal.act("change-price", price_list="Dealer", product=BEARING, formula="3.0000")
    portal.act("change-list-price", product="4032-M8-8Z", price="0.0999")
    portal.act("credit-limit", customer="C2000", amount=9000)
    portal.act("change-terms", customer="C2000", terms="net60")
    try:
        runs = run_all(names)
    finally:
        portal.act("change-terms", customer="C2000", terms="net30")
        portal.act("credit-limit", customer="C2000", amount=8000)
        portal.act("change-sale-units", product=SCREW, minimum=200, step=200)

    bearing = Product.objects.get(sku=BEARING)
    assert StockLevel.objects.get(product=bearing, warehouse__code="EAST").on_hand == 77
    assert runs["erp.stock"].changed == 1
    assert Product.objects.get(sku=SCREW).min_quantity == 400
    assert runs["erp.products"].changed == 1
    assert CreditAccount.objects.get(company__number="C2000").limit_amount == 9000
    assert Company.objects.get(number="C2000").payment_term.code == "net60"
    assert runs["erp.customers"].changed == 1
    nut = PriceRow.objects.filter(product__sku="4032-M8-8Z", price_list__code="LIST")
    assert sorted(nut.filter(ended_run=None).values_list("unit_price", flat=True)) == [Decimal("0.0999")]
    dealer = PriceRow.objects.filter(product=bearing, price_list__code="Dealer", ended_run=None)
    assert Decimal("3.0000") in dealer.values_list("unit_price", flat=True)


def test_a_product_that_is_retired_there_is_retired_here_and_comes_back(portal):
    names = ["erp.terms", "erp.customers", "erp.taxes", "erp.warehouses", "erp.products"]
    run_all(names)
    portal.act("retire-product", product=BEARING)
    try:
        run_all(["erp.products"])
        retired = Product.objects.get(sku=BEARING).status
    finally:
        portal.act("retire-product", product=BEARING, active=1)
    run_all(["erp.products"])

    assert retired == "retired"
    assert Product.objects.get(sku=BEARING).status == "active"


@pytest.mark.req("INT-26", "INT-27")
def test_a_flow_that_does_not_come_through_keeps_what_was_there_and_goes_on_by_itself(portal, proxy):
    run_all(["erp.terms"])
    row = FlowState.objects.get(flow="erp.terms")
    proxy.spoil("", "refuse", times=-1)

    failed = [run_flow("erp.terms") for _ in range(3)]
    paused = run_flow("erp.terms")
    proxy.heal()
    System.objects.update(next_probe_at=timezone.now())
    probe_systems()
    after = run_flow("erp.terms")

    state = FlowState.objects.get(flow="erp.terms")
    assert all(run.error for run in failed)
    assert paused is None
    assert after.error == ""
    assert PaymentTerm.objects.count() == 12
    assert state.as_of >= row.as_of
    assert state.failures == 0
    assert not Case.objects.exists()


@pytest.mark.req("INT-25")
def test_a_page_that_hangs_ends_in_time_and_nothing_half_read_is_taken(portal, proxy, settings):
    settings.ERP = {**settings.ERP, "read_seconds": 4.0}
    forget_connections()
    proxy.spoil("party.party.search_read", "hang", seconds=9)
    run_all(["erp.terms"])

    run = run_flow("erp.customers")

    assert "did not answer in time" in run.error
    assert not Company.objects.exists()
    assert FlowState.objects.get(flow="erp.customers").cursor == {}


def test_a_row_that_cannot_be_taken_is_a_case_until_it_is_good_and_stops_nobody(portal, monkeypatch, otto):
    from integrations.connectors.tryton import mapping

    real = mapping._listed_unit

    def spoiled(row, default):
        unit = real(row, default)
        return unit.model_copy(update={"numerator": 0}) if unit.key == "b200" else unit

    run_all(["erp.terms", "erp.taxes"])
    monkeypatch.setattr(mapping, "_listed_unit", spoiled)
    run_flow("erp.products", is_asked=True)
    first = FlowRun.objects.get(flow="erp.products")
    cases = Case.objects.filter(kind="row_rejected", state=CaseState.OPEN)
    opened, subjects = cases.count(), set(cases.values_list("subject", flat=True))
    run_flow("erp.products", is_asked=True, is_full=True)
    repeated = cases.count()
    monkeypatch.setattr(mapping, "_listed_unit", real)
    FlowState.objects.update(cursor={"at": (timezone.now() + timedelta(days=1)).isoformat()})
    repair_case(cases.first(), "run", reason="The unit was mended in the ERP.", by=otto.actor)
    run_flow("erp.products")

    assert first.seen == 345 == first.new + first.rejected
    assert first.rejected > 0
    assert f"row:erp.products:{SCREW}" in subjects
    assert opened == repeated == min(first.rejected, 50)
    assert cases.count() == 0
    assert Product.objects.count() == 345


@pytest.mark.req("INT-02", "SEC-01")
def test_each_flow_has_an_identity_of_its_own(portal):
    run_all(["erp.terms", "erp.customers", "erp.taxes", "erp.products", "pim.categories", "pim.content"])

    def channels(model):
        return set(model.history.values_list("channel", flat=True))

    assert channels(Company) == {"flow:erp.customers"}
    assert channels(Product) == {"flow:erp.products", "flow:pim.content"}


def test_two_workers_never_run_a_flow_at_the_same_time(portal):
    claimed = claim_flow("erp.terms")
    # The process that runs the tests, which lives as long as they do.
    host = claimed.claimed_by.split(":")[0]
    alive = f"{host}:{os.getppid()}:{_began(os.getppid())}"
    FlowState.objects.update(claimed_by=alive)

    second = run_flow("erp.terms", is_asked=True)
    FlowState.objects.update(claimed_until=timezone.now())
    third = run_flow("erp.terms", is_asked=True)

    assert claimed is not None
    assert second is None
    assert third.error == ""


def test_a_paused_flow_waits_for_a_person_and_is_not_late_by_error(portal):
    pause_flow("erp.terms", by=BY, reason="The ERP is being upgraded.")
    while_paused = [flow.name for flow, _slow in due_flows()]
    skipped = run_flow("erp.terms")
    resume_flow("erp.terms", by=BY)
    afterwards = [flow.name for flow, _slow in due_flows()]

    assert "erp.terms" not in while_paused
    assert skipped is None
    assert "erp.terms" in afterwards


def test_a_flow_waits_until_those_it_needs_have_come_through_once(portal):
    before = [flow.name for flow, _slow in due_flows()]
    run_all(["erp.terms"])
    after = [flow.name for flow, _slow in due_flows()]

    assert "erp.customers" not in before
    assert "erp.customers" in after
    assert "erp.credit" not in after


@pytest.mark.req("INV-11")
def test_an_unchanged_figure_is_as_old_as_the_last_look_at_it(portal):
    run_all(["erp.terms", "erp.customers", "erp.taxes", "erp.warehouses", "erp.products", "erp.stock"])
    level = StockLevel.objects.first()
    FlowState.objects.filter(flow="erp.stock").update(next_run_at=None)
    run_flow("erp.stock")

    read = freshness.read_up_to()["stock"]
    assert level.as_of <= read
    assert not freshness.is_stale("stock", freshness.later(level.as_of, read))
    assert freshness.limit_of("stock") == FLOWS["erp.stock"].limit
    assert freshness.is_stale("stock", timezone.now() - FLOWS["erp.stock"].limit - timedelta(seconds=1))
