"""Batches with bad rows: refused as a whole beyond the flow's tolerance, every bad row kept, one case for the flow."""

import shutil

import pytest
from django.utils import timezone

from catalog.models import Category, Product
from core.models import Case, CaseState
from demo.pim.drop import write
from integrations.actions.settings import change_flow_settings
from integrations.flows import FLOWS
from integrations.models import FlowRun, FlowState, RejectedRow
from integrations.running import run_flow
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"


@pytest.fixture
def drop(tmp_path, settings):
    """The demo company's drop: 345 products, of which two are known from the ERP."""
    write(tmp_path / "pim")
    settings.PIM_DROP = str(tmp_path / "pim")
    for sku in (SCREW, BEARING):
        ProductFactory(sku=sku, name="", description="", category=None)
    FlowState.objects.create(flow="erp.products", last_success_at=timezone.now())
    run_flow("pim.categories", is_asked=True)
    yield tmp_path / "pim"
    shutil.rmtree(tmp_path / "pim")


def tolerate(text, mona):
    change_flow_settings("pim.content", {"tolerance": text}, by=mona.actor, note="Agreed")


@pytest.mark.req("INT-48")
def test_a_batch_beyond_its_tolerance_changes_nothing_and_every_bad_row_is_kept(drop, mona):
    tolerate("342 rows", mona)
    before = list(Product.objects.order_by("pk").values())

    run = run_flow("pim.content", is_asked=True)

    assert "343 of 345 rows" in run.error
    assert (run.seen, run.rejected, run.new, run.changed) == (345, 343, 0, 0)
    assert list(Product.objects.order_by("pk").values()) == before
    assert FlowState.objects.get(flow="pim.content").cursor == {}
    assert RejectedRow.objects.filter(flow="pim.content", is_refused=True).count() == 343
    case = Case.objects.get(state=CaseState.OPEN)
    assert (case.kind, case.subject) == ("flow_broken", "flow:pim.content")
    assert (case.evidence["count"], len(case.evidence["rejected"]), case.evidence["more"]) == (343, 50, 293)


@pytest.mark.req("INT-48")
def test_at_its_tolerance_the_good_rows_are_taken_and_the_case_of_the_flow_ends(drop, mona):
    tolerate("all_or_nothing", mona)
    run_flow("pim.content", is_asked=True)
    run_flow("pim.content", is_asked=True)
    tolerate("343 rows", mona)

    run = run_flow("pim.content", is_asked=True)

    assert (run.error, run.rejected, run.new + run.changed) == ("", 343, 2)
    assert Product.objects.get(sku=SCREW).name.startswith("Socket head cap screw")
    assert RejectedRow.objects.filter(flow="pim.content", is_refused=False).count() == 343
    assert RejectedRow.objects.count() == 343
    assert not Case.objects.filter(state=CaseState.OPEN, kind="flow_broken").exists()
    assert Category.objects.count() == 20
    assert FlowRun.objects.filter(flow="pim.content").exclude(error="").count() == 1


def test_prices_tolerate_half_a_percent_and_other_batches_any_number_until_people_say_otherwise():
    told = {name: str(flow.tolerance) for name, flow in FLOWS.items() if flow.is_fed}

    assert told.pop("erp.prices") == "0.5 %"
    assert set(told.values()) == {"any"}
