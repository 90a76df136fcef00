"""The matrix of flows: complete, and the same as what the apps declare."""

from dataclasses import replace

import pytest
from django.core.checks import run_checks

from core import ownership
from integrations import checks
from integrations.flows import FLOWS, Flow, in_order
from integrations.flows.gaps import flow_gaps
from integrations.states import Direction, Pattern
from integrations.systems import ERP


@pytest.mark.req("INT-62")
def test_a_bare_flow_is_refused_with_the_name_of_each_part_it_lacks(monkeypatch):
    bare = Flow("erp.returns", "Returns", ERP)

    monkeypatch.setitem(FLOWS, bare.name, bare)

    [problem] = [found for found in run_checks() if found.id == "integrations.E010"]
    assert (
        problem.msg == "The flow erp.returns lacks: contract, mapping, tests, monitor, alert rule, playbook."
    )


@pytest.mark.req("INT-62")
@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"contract": ()}, "contract"),
        ({"mapping": "integrations.connectors.tryton.mapping.nothing"}, "mapping"),
        ({"mapping": "integrations.nowhere.at_all"}, "mapping"),
        ({"tests": "tests/integrations/test_nothing.py"}, "tests"),
        ({"kind": ""}, "monitor"),
        ({"alert": None}, "alert rule"),
        ({"playbook": "nothing"}, "playbook"),
    ],
)
def test_each_part_is_looked_for_where_it_should_be(change, gap):
    whole = FLOWS["erp.stock"]

    assert flow_gaps(whole) == ()
    assert flow_gaps(replace(whole, **change)) == (gap,)


@pytest.mark.req("INT-62")
def test_every_flow_in_use_is_complete_and_every_destination_has_one(monkeypatch):
    assert checks.check_flows() == []

    monkeypatch.delitem(FLOWS, "mail.out")

    assert [found.id for found in checks.check_flows()] == ["integrations.E011"]


@pytest.mark.req("INT-01")
def test_every_declared_record_of_another_system_is_brought_by_a_flow_and_the_other_way_round():
    theirs = {
        (model, owner)
        for model, fields in ownership.declared().items()
        for owner in set(fields.values()) - {ownership.US}
    }
    carried = {
        (model, flow.owner)
        for flow in FLOWS.values()
        if flow.direction == Direction.IN
        for model in flow.writes
    }

    assert carried == theirs


@pytest.mark.req("INT-01", "INT-05", "INT-61")
@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.name)
def test_every_flow_says_who_owns_it_how_fast_it_is_and_who_answers(flow):
    assert flow.owner in (ownership.ERP, ownership.PIM, ownership.US)
    assert flow.pattern in Pattern
    assert flow.limit >= flow.every
    assert flow.limit
    assert flow.steward
    assert flow.escalation.then
    assert flow.escalation.second > flow.escalation.first
    assert flow.phase in (1, 2)


def test_only_flows_with_a_feed_are_read_by_a_schedule():
    assert {flow.name for flow in FLOWS.values() if flow.feed is None} == {
        "erp.addresses-out",
        "erp.contacts-out",
        "erp.customers-out",
        "tax.checks",
        "erp.orders-out",
        "mail.out",
        "erp.live-price",
        "erp.live-stock",
        "erp.live-credit",
        "erp.events",
        "supplier.prices",
        "supplier.stock",
    }
    assert all(flow.feed is not None for flow in in_order())
