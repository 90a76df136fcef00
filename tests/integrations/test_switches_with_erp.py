"""Switches before a real Tryton: nothing is written while read-only, and set words are what is read."""

import pytest

from catalog.models import Product
from integrations.actions.settings import change_flow_settings
from integrations.actions.switches import set_read_only
from integrations.running import run_flow
from integrations.systems import job_actor
from tests.integrations.conftest import buyer_of, place, relay

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]
SCREW = "4762-M8X30-88Z"
BY = job_actor("test")
READS = (
    ".fields_get",
    ".search_read",
    ".search",
    ".read",
    ".search_count",
    "common.server.version",
    ".login",
)


@pytest.mark.req("OPS-07")
def test_read_only_writes_nothing_to_the_erp_while_master_data_come_in_and_orders_wait(shop, proxy, otto):
    set_read_only(True, by=BY, reason="First week")
    order = place(buyer_of("C1000"), {SCREW: 400})
    relay()
    run = run_flow("erp.taxes", is_asked=True)
    methods = {call["method"] for call in proxy.seen()}
    order.refresh_from_db()
    waiting = order.status

    set_read_only(False, by=BY, reason="It reads well")
    relay()

    order.refresh_from_db()
    assert (run.error, run.seen > 0, waiting) == ("", True, "received")
    assert methods
    assert {method for method in methods if not method.endswith(READS)} == set()
    assert order.status == "confirmed"
    assert len(shop.sales(order.number)) == 1


@pytest.mark.req("INT-64")
def test_a_word_that_people_map_is_what_the_next_run_reads(shop, proxy):
    unit = Product.objects.get(sku=SCREW).tax_code

    change_flow_settings("erp.products", {"mapping": {"tax_codes": {unit: "STD"}}}, by=BY, note="Our word")
    run = run_flow("erp.products", is_asked=True)

    assert run.error == ""
    assert Product.objects.get(sku=SCREW).tax_code == "STD"
