"""Settings of flows: versions that are never overwritten, checked, in force at once, and brought back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from core import freshness
from core.errors import InvalidValue, NotFound
from integrations.actions.flows import flow_row
from integrations.actions.settings import change_flow_settings, restore_flow_settings
from integrations.connectors.tryton import mapping, states
from integrations.effective import all_effective, differences, effective
from integrations.flows import FLOWS
from integrations.models import FlowSettings, FlowState
from integrations.states import FlowMode
from integrations.words import laid_over
from orders.states import DeliveryStatus, InvoiceStatus, PaymentStatus, ShipmentStatus
from tests.factories.catalog import CategoryFactory
from tests.factories.quotes import at_once


@pytest.mark.django_db
@pytest.mark.req("INT-64")
def test_each_change_is_a_version_that_says_who_when_and_why_and_any_can_be_brought_back(otto):
    first = change_flow_settings("erp.stock", {"every_seconds": 30}, by=otto.actor, note="Busy hours")
    second = change_flow_settings(
        "erp.stock", {"limit_seconds": 1200}, by=otto.actor, note="Agreed with sales"
    )
    third = restore_flow_settings("erp.stock", 1, by=otto.actor, note="Sales changed their mind")
    fourth = restore_flow_settings("erp.stock", 0, by=otto.actor, note="As delivered")

    rows = FlowSettings.objects.filter(flow="erp.stock").order_by("version")
    assert [(row.version, row.every_seconds, row.limit_seconds, row.restores) for row in rows] == [
        (1, 30, None, None),
        (2, 30, 1200, None),
        (3, 30, None, 1),
        (4, None, None, 0),
    ]
    assert [row.is_active for row in rows] == [False, False, False, True]
    assert (first.note, first.actor_user_id) == ("Busy hours", otto.user.pk)
    assert [(c.field, c.before, c.after) for c in differences(second, third)] == [
        ("limit_seconds", 1200, None)
    ]
    assert effective("erp.stock").every == FLOWS["erp.stock"].every
    assert effective("erp.stock").version == fourth.version


@pytest.mark.django_db
def test_what_changes_nothing_makes_no_version_and_what_never_was_is_not_brought_back(otto):
    first = change_flow_settings("erp.stock", {"every_seconds": 30}, by=otto.actor, note="Busy hours")
    again = change_flow_settings("erp.stock", {"every_seconds": 30}, by=otto.actor, note="Once more")

    with pytest.raises(NotFound):
        restore_flow_settings("erp.stock", 7, by=otto.actor, note="?")

    assert again == first
    assert FlowSettings.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.req("INT-64")
def test_a_first_change_that_changes_nothing_makes_no_version_either(otto):
    same = change_flow_settings("erp.stock", {"every_seconds": None}, by=otto.actor, note="As it is")

    assert same.version == 0
    assert not FlowSettings.objects.exists()


@pytest.mark.django_db
@pytest.mark.req("INT-64")
@pytest.mark.parametrize(
    ("flow", "changes", "field"),
    [
        ("erp.stock", {"every_seconds": 0}, "every_seconds"),
        ("erp.stock", {"every_seconds": 60, "limit_seconds": 30}, "limit_seconds"),
        ("erp.stock", {"mode": "sometimes"}, "mode"),
        ("erp.stock", {"tolerance": "a few"}, "tolerance"),
        ("erp.stock", {"rollout": {"moon": ["full"]}}, "rollout"),
        ("erp.stock", {"rollout": {"company": ["ACME"]}}, "rollout"),
        ("erp.stock", {"rollout": {"category": ["nowhere"]}}, "rollout"),
        ("erp.stock", {"mapping": {"units": {"Stk": "C62"}}}, "mapping"),
        ("erp.products", {"mapping": {"units": {"Stk": "PIECE"}}}, "mapping"),
        ("erp.stock", {"steward": "somebody"}, "steward"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field_and_nothing_is_kept(otto, flow, changes, field):
    with pytest.raises(InvalidValue) as refusal:
        change_flow_settings(flow, changes, by=otto.actor, note="Try")

    assert refusal.value.details["field"] == field
    assert not FlowSettings.objects.exists()


@pytest.mark.django_db
def test_without_a_reason_nothing_is_set(otto):
    with pytest.raises(InvalidValue) as refusal:
        change_flow_settings("erp.stock", {"every_seconds": 30}, by=otto.actor, note=" ")

    assert refusal.value.details["field"] == "note"


@pytest.mark.django_db
@pytest.mark.parametrize("tolerance", ["any", "all_or_nothing", "5 rows", "0.5 %"])
def test_a_tolerance_has_four_forms(otto, tolerance):
    change_flow_settings("erp.prices", {"tolerance": tolerance}, by=otto.actor, note="Agreed")

    assert str(effective("erp.prices").tolerance) == tolerance


@pytest.mark.django_db
@pytest.mark.req("OPS-08")
@pytest.mark.parametrize("flow", ["erp.stock", "erp.orders-out", "erp.order-states"])
def test_order_and_stock_flows_do_not_go_live_while_their_alerts_reach_nobody(erp, flow):
    change_flow_settings(flow, {"mode": FlowMode.SHADOW}, by=erp, note="Look first")

    with pytest.raises(InvalidValue) as nobody:
        change_flow_settings(flow, {"mode": FlowMode.LIVE}, by=erp, note="Go")
    change_flow_settings(
        flow, {"mode": FlowMode.LIVE, "steward": "ops@nordwind.example"}, by=erp, note="Somebody reads now"
    )

    assert "its alerts reach nobody" in str(nobody.value)
    assert effective(flow).mode == FlowMode.LIVE


@pytest.mark.django_db
@pytest.mark.req("OPS-08")
def test_without_an_alert_rule_an_order_flow_does_not_go_live(otto, monkeypatch):
    change_flow_settings("erp.orders-out", {"mode": FlowMode.HELD}, by=otto.actor, note="Not yet")
    monkeypatch.setitem(FLOWS, "erp.orders-out", replace(FLOWS["erp.orders-out"], alert=None))

    with pytest.raises(InvalidValue) as refusal:
        change_flow_settings("erp.orders-out", {"mode": FlowMode.LIVE}, by=otto.actor, note="Go")

    assert "it has no alert rule" in str(refusal.value)
    assert effective("erp.orders-out").mode == FlowMode.HELD


@pytest.mark.django_db
@pytest.mark.req("INT-05")
def test_the_limit_of_a_figure_follows_its_settings_with_the_next_page(otto):
    now = timezone.now()
    freshness.note("stock", now - timedelta(minutes=10))

    before = freshness.is_stale("stock", freshness.read_up_to()["stock"])
    change_flow_settings("erp.stock", {"limit_seconds": 300}, by=otto.actor, note="Stricter")
    after = freshness.is_stale("stock", freshness.read_up_to()["stock"])
    restore_flow_settings("erp.stock", 0, by=otto.actor, note="Too strict")
    at_last = freshness.is_stale("stock", freshness.read_up_to()["stock"])

    assert (before, after, at_last) == (False, True, False)
    assert freshness.limit_of("stock") == FLOWS["erp.stock"].limit


@pytest.mark.django_db
def test_a_new_schedule_and_a_new_mapping_count_from_the_next_wake_up(otto):
    row = flow_row("erp.products")
    later = timezone.now() + timedelta(hours=20)
    FlowState.objects.filter(pk=row.pk).update(next_run_at=later, full_due_at=later)

    change_flow_settings(
        "erp.products", {"mapping": {"units": {"Stk": "C62"}}}, by=otto.actor, note="ERP's word"
    )

    row.refresh_from_db()
    assert row.next_run_at <= timezone.now()
    assert row.full_due_at <= timezone.now()


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("INT-64")
def test_of_two_changes_at_once_both_are_kept_as_versions(otto):
    by = otto.actor

    at_once(
        lambda: change_flow_settings("erp.stock", {"every_seconds": 20}, by=by, note="One"),
        lambda: change_flow_settings("erp.stock", {"limit_seconds": 1800}, by=by, note="Other"),
    )

    set_to = effective("erp.stock")
    assert FlowSettings.objects.filter(flow="erp.stock").count() == 2
    assert (set_to.version, set_to.every, set_to.limit) == (2, timedelta(seconds=20), timedelta(seconds=1800))


@pytest.mark.django_db
def test_all_flows_are_read_with_one_statement(otto, django_assert_num_queries):
    change_flow_settings("erp.stock", {"mode": FlowMode.SHADOW}, by=otto.actor, note="Look first")

    with django_assert_num_queries(1):
        found = all_effective()

    assert [name for name, set_to in found.items() if set_to.mode != FlowMode.LIVE] == ["erp.stock"]


@pytest.mark.django_db
def test_what_flows_are_rolled_out_by_must_exist(otto):
    CategoryFactory(slug="screws")

    change_flow_settings("erp.stock", {"rollout": {"category": ["screws"]}}, by=otto.actor, note="First wave")

    assert effective("erp.stock").rollout == {"category": ["screws"]}


@pytest.mark.req("INT-64")
def test_words_that_people_set_count_before_the_connectors_own_and_others_stay_refused():
    with pytest.raises(InvalidValue) as unknown:
        mapping._code("Stk")
    with laid_over(
        {
            "units": {"Stk": "C62"},
            "delivery_states": {"sent out": "shipped"},
            "shipment_states": {"on the road": "shipped"},
            "invoice_states": {"settled": "invoiced/paid"},
        }
    ):
        assert mapping._code("Stk") == "C62"
        assert mapping._code("kg") == "KGM"
        assert states.shipping_status("sent out") == DeliveryStatus.SHIPPED
        assert states.shipment_status("on the road") == ShipmentStatus.SHIPPED
        assert states.invoice_states("settled", DeliveryStatus.SHIPPED) == (
            InvoiceStatus.INVOICED,
            PaymentStatus.PAID,
        )
        with pytest.raises(InvalidValue):
            states.shipment_status("in the air")

    assert unknown.value.details["field"] == "units"
