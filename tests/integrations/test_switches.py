"""Switches over flows: paused, held, rolled out and back; what waits is kept, what is outside stays as it was."""

import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.errors import InvalidValue
from integrations import delivery, dispatch
from integrations.actions.flows import pause_flow, resume_flow
from integrations.actions.settings import change_flow_settings
from integrations.actions.switches import roll_back_flow, set_phase, set_read_only
from integrations.effective import all_effective, effective
from integrations.failures import Transient
from integrations.gates import all_outside, gate_of
from integrations.models import Delivery, FlowSettings, SystemWindow
from integrations.states import FlowMode
from integrations.systems import ERP, job_actor
from orders.actions.cancel import cancel_order
from tests.factories.accounts import CompanyFactory
from tests.factories.integrations import Receiver
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db
BY = job_actor("test")


@pytest.fixture
def far(monkeypatch):
    """The other side of the destination "erp", whose flow is erp.orders-out."""
    receiver = Receiver()
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"erp": receiver.destination("erp", system=ERP)})
    monkeypatch.setattr(dispatch, "ROUTES", {"order.received": ("erp",), "order.cancelled": ("erp",)})
    return receiver


def relay() -> None:
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 10)


def waiting() -> list[str]:
    return [row.subject for row in Delivery.objects.filter(state="waiting").order_by("id")]


@pytest.fixture
def orders(anna, far):
    """Three orders, placed one after the other."""
    sell("BOLT", "2.00")
    return [order_now(anna, BOLT=quantity) for quantity in (1, 2, 3)]


def set_flow(name: str = "erp.orders-out", **changes: object) -> FlowSettings:
    return change_flow_settings(name, changes, by=BY, note="Test")


@pytest.mark.req("OPS-10")
def test_a_paused_outgoing_flow_keeps_everything_and_drains_in_order_when_it_goes_on(orders, far):
    pause_flow("erp.orders-out", by=BY, reason="Their people asked")
    relay()
    kept = waiting()
    resume_flow("erp.orders-out", by=BY)
    relay()

    assert kept == [order.subject for order in orders]
    assert [message.subject for message in far.got] == [order.subject for order in orders]
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


@pytest.mark.req("OPS-07", "OPS-10")
@pytest.mark.parametrize("mode", [FlowMode.HELD, FlowMode.SHADOW])
def test_a_flow_that_is_held_or_compares_only_lets_nothing_out_and_loses_nothing(orders, far, mode):
    set_flow(mode=mode)
    relay()
    kept = waiting()
    set_flow(mode=FlowMode.LIVE, steward="ops@nordwind.example")
    relay()

    assert kept == [order.subject for order in orders]
    assert len(far.got) == 3


@pytest.mark.req("INT-47")
def test_messages_for_a_resting_system_wait(orders, far):
    now = timezone.now()
    window = SystemWindow.objects.create(
        system="erp", kind="batch", from_at=now - timedelta(hours=1), until_at=now + timedelta(hours=1)
    )
    relay()
    kept = len(waiting())
    SystemWindow.objects.filter(pk=window.pk).update(is_active=False)
    relay()

    assert (kept, len(far.got)) == (3, 3)


@pytest.mark.req("OPS-03")
def test_a_wave_takes_a_company_with_its_branches_and_leaves_others_waiting_in_sight(anna, clara, acme, far):
    sell("BOLT", "2.00")
    branch = CompanyFactory(number="ACME-2", parent=acme)
    acmes, others = order_now(anna, BOLT=1), order_now(clara, BOLT=2)

    set_flow(rollout={"company": ["ACME"]})
    relay()
    gate = gate_of(dispatch.DESTINATIONS["erp"])

    assert [message.subject for message in far.got] == [acmes.subject]
    assert gate.companies == {"ACME", branch.number}
    assert waiting() == [others.subject]
    assert all_outside("erp", gate.companies) == 1


@pytest.mark.req("OPS-05", "OPS-03")
def test_a_wave_is_rolled_back_with_its_orders_in_flight_and_nothing_is_lost(anna, clara, far):
    sell("BOLT", "2.00")
    set_flow(rollout={"company": ["OTHER"]})
    set_flow(rollout={"company": ["OTHER", "ACME"]})
    far.answers = [None, Transient("busy")]
    sent, in_flight = order_now(anna, BOLT=1), order_now(anna, BOLT=2)
    relay()

    roll_back_flow("erp.orders-out", by=BY, reason="Wrong warehouse")
    late, others = order_now(anna, BOLT=3), order_now(clara, BOLT=4)
    cancel_order(sent, by=anna.actor, reason="Not needed")
    Delivery.objects.filter(state="waiting").update(next_try_at=timezone.now())
    relay()

    assert effective("erp.orders-out").rollout == {"company": ["OTHER"]}
    assert [f"{message.subject} {message.name}" for message in far.got] == [
        f"{sent.subject} order.received",
        f"{in_flight.subject} order.received",
        f"{sent.subject} order.cancelled",
        f"{in_flight.subject} order.received",
        f"{others.subject} order.received",
    ]
    assert waiting() == [late.subject]


def test_each_rollback_goes_one_further_until_the_beginning(anna):
    set_flow("erp.stock", every_seconds=20)
    set_flow("erp.stock", every_seconds=30)

    first = roll_back_flow("erp.stock", by=BY, reason="Too slow").every_seconds
    second = roll_back_flow("erp.stock", by=BY, reason="Still").every_seconds
    with pytest.raises(InvalidValue):
        roll_back_flow("erp.stock", by=BY, reason="Once more")

    assert (first, second) == (20, None)
    assert FlowSettings.objects.filter(flow="erp.stock").count() == 4


def test_data_that_cannot_be_taken_back_is_said_so_and_nothing_changes():
    set_flow("erp.stock", every_seconds=20)

    with pytest.raises(InvalidValue):
        roll_back_flow("erp.stock", by=BY, reason="All of it", with_data=True)

    assert effective("erp.stock").every == timedelta(seconds=20)


@pytest.mark.req("OPS-07")
def test_read_only_holds_what_writes_and_nothing_else_and_lets_go_what_it_held(orders, far, capsys, otto):
    set_flow("mail.out", mode=FlowMode.HELD)

    call_command("hub", "read-only", "on", "--why", "First week")
    relay()
    held = {name for name, set_to in all_effective().items() if set_to.mode == FlowMode.HELD}
    kept = waiting()
    call_command("hub", "read-only", "off", "--why", "It reads well")
    relay()

    assert held == {
        "erp.orders-out",
        "erp.addresses-out",
        "erp.contacts-out",
        "erp.customers-out",
        "tax.checks",
        "mail.out",
    }
    assert len(kept) == 3
    assert len(far.got) == 3
    assert effective("mail.out").mode == FlowMode.HELD
    assert "Switched: erp.orders-out" in capsys.readouterr().out


def test_a_switch_needs_a_reason():
    with pytest.raises(CommandError, match="Say why"):
        call_command("hub", "read-only", "on")
    with pytest.raises(InvalidValue):
        set_phase(1, by=BY, reason="")

    assert not FlowSettings.objects.exists()


@pytest.mark.req("OPS-09")
def test_phase_one_holds_the_flows_of_phase_two_and_the_second_lets_them_go():
    set_read_only(True, by=BY, reason="Look first")

    one = set_phase(1, by=BY, reason="Buying alone")
    two = set_phase(2, by=BY, reason="All of it")

    assert one == two
    assert set(one) == {"erp.credit", "erp.costs", "erp.shipments", "erp.invoices", "erp.live-credit"}
    assert effective("erp.orders-out").mode == FlowMode.HELD
