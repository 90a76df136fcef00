"""The monitor on real rows: each flow's colour, its cases, and who is told when nobody takes them."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from core.cases import assign_case, note_case
from core.models import Case, CaseState, CaseStep, Event
from integrations import alerts, dispatch
from integrations.actions.alerts import claim_watch
from integrations.actions.flows import flow_row, pause_flow
from integrations.actions.relay import dispatch_events
from integrations.actions.settings import change_flow_settings
from integrations.actions.systems import system_row
from integrations.dispatch import routes
from integrations.flows import FLOWS
from integrations.health import report
from integrations.models import Delivery, FlowRun, FlowState, RejectedRow, System, SystemWindow
from integrations.monitoring import all_flow_health, flow_health
from integrations.playbooks import all_playbooks, anchor_for, playbook
from integrations.register import BY_HAND, NOTICED, SERVICES
from integrations.rest import note_rests
from integrations.states import DeliveryState, FlowMode, Light
from integrations.systems import job_actor
from tests.conftest import employ
from tests.factories.integrations import happen
from tests.factories.orders import order_now, sell
from tests.integrations.test_relay import make_due, relay

pytestmark = pytest.mark.django_db
BY = job_actor("test")


def read(name: str, *, minutes: float = 0) -> None:
    """Let a flow have read everything so many minutes ago."""
    moment = timezone.now() - timedelta(minutes=minutes)
    row = flow_row(name)
    FlowState.objects.filter(pk=row.pk).update(as_of=moment, last_success_at=moment, next_run_at=moment)


def wait(subject: str, *, hours: float = 0) -> None:
    """Let a message wait for the ERP for so many hours."""
    event = happen(subject)
    now = timezone.now()
    row = Delivery.objects.create(
        event=event,
        destination="erp",
        system="erp",
        subject=subject,
        sequence=event.sequence,
        next_try_at=now,
    )
    Delivery.objects.filter(pk=row.pk).update(created_at=now - timedelta(hours=hours))


def look(*, later: float = 0) -> bool:
    """Let the alarm look at everything, so many minutes from now."""
    return alerts.watch(timezone.now() + timedelta(minutes=later))


def light(name: str) -> str:
    return flow_health(name, timezone.now()).light


def one_case() -> Case:
    return Case.objects.get(kind__startswith="flow_")


@pytest.mark.req("INT-05")
def test_a_stale_flow_goes_red_with_the_reason_and_one_case_that_ends_with_it():
    read("erp.stock", minutes=22)
    before = light("erp.stock")

    look()
    look(later=1)
    case = one_case()
    read("erp.stock")
    look(later=2)

    assert before == Light.RED
    assert (case.kind, case.subject, case.times) == ("flow_late", "flow:erp.stock", 1)
    assert case.cause == "Stock per warehouse: Its figures are 22 min old, the limit is 15 min"
    assert case.promise.startswith("figures carry their age and are labelled stale")
    assert case.evidence["playbook"] == "stock"
    case.refresh_from_db()
    assert (case.state, case.closed_reason) == (CaseState.CLOSED, "It is within its limits again.")


def test_red_comes_before_the_alarm():
    read("erp.stock", minutes=17)

    look()

    assert light("erp.stock") == Light.RED
    assert not Case.objects.exists()


@pytest.mark.req("ORD-03")
def test_an_order_that_waits_too_long_is_alarmed_by_its_age(anna):
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=10)
    dispatch_events(routes())
    Delivery.objects.filter(destination="erp").update(created_at=timezone.now() - timedelta(minutes=12))

    look()
    health = flow_health("erp.orders-out", timezone.now())

    assert (health.light, health.standing.backlog) == (Light.RED, 1)
    assert one_case().cause.startswith("Orders and cancellations: The oldest message waits for 12 min")
    Delivery.objects.filter(subject=order.subject, destination="erp").update(state=DeliveryState.DELIVERED)
    look(later=1)
    assert one_case().state == CaseState.CLOSED


@pytest.mark.req("ORD-03")
def test_a_dead_order_makes_its_flow_red_without_a_second_case(anna):
    sell("BOLT", "2.00")
    order_now(anna, BOLT=10)
    dispatch_events(routes())
    Delivery.objects.filter(destination="erp").update(state=DeliveryState.BURIED)

    look()

    assert light("erp.orders-out") == Light.RED
    assert not Case.objects.filter(kind__startswith="flow_").exists()


def test_messages_outside_the_wave_wait_on_purpose(anna, other):
    sell("BOLT", "2.00")
    order_now(anna, BOLT=10)
    dispatch_events(routes())
    Delivery.objects.filter(destination="erp").update(created_at=timezone.now() - timedelta(hours=2))
    change_flow_settings("erp.orders-out", {"rollout": {"company": ["OTHER"]}}, by=BY, note="First wave")

    look()

    assert light("erp.orders-out") == Light.GREEN
    assert not Case.objects.exists()


@pytest.mark.req("INT-47")
@pytest.mark.parametrize("how", ["paused", "held", "shadow", "rests"])
def test_nothing_is_expected_of_what_is_switched_off_or_rests(how):
    read("erp.stock", minutes=300)
    now = timezone.now()
    if how == "paused":
        pause_flow("erp.stock", by=BY, reason="Stocktaking")
    elif how == "rests":
        span = {"from_at": now - timedelta(hours=5), "until_at": now + timedelta(minutes=5)}
        SystemWindow.objects.create(system="erp", kind="maintenance", **span)
        note_rests(now)
    else:
        change_flow_settings("erp.stock", {"mode": FlowMode(how)}, by=BY, note="Look first")

    look()

    assert light("erp.stock") == Light.OFF
    assert not Case.objects.exists()


@pytest.mark.req("INT-47")
def test_after_a_rest_a_waiting_order_is_as_old_as_it_was_before_it():
    wait("order:SO-1", hours=6)
    now = timezone.now()
    Delivery.objects.update(created_at=now - timedelta(hours=6, minutes=2))
    window = SystemWindow.objects.create(
        system="erp", kind="batch", from_at=now - timedelta(hours=6), until_at=now + timedelta(minutes=1)
    )
    note_rests(now)
    SystemWindow.objects.filter(pk=window.pk).update(until_at=now)

    health = flow_health("erp.orders-out", now)

    assert health.light == Light.GREEN
    assert health.standing.age == timedelta(minutes=2)


def test_a_case_is_settled_when_its_flow_is_paused_since_nothing_is_expected_then():
    read("erp.stock", minutes=30)
    look()

    pause_flow("erp.stock", by=BY, reason="Stocktaking")
    look(later=1)

    assert one_case().closed_reason == "Nothing is expected of it now: Paused by Accord: Stocktaking"


def test_a_system_that_is_away_is_one_case_and_not_one_per_flow():
    for name in ("erp.stock", "erp.prices", "erp.customers"):
        read(name, minutes=500)
    system_row("erp")
    down = timezone.now() - timedelta(minutes=9)
    System.objects.filter(key="erp").update(down_since=down)

    look()

    reason = flow_health("erp.stock", timezone.now()).reasons[0].words
    assert f"the ERP has not answered since {timezone.localtime(down):%H:%M}" in reason
    assert not Case.objects.exists()


@pytest.mark.req("INT-48")
def test_rows_that_are_not_taken_over_turn_a_flow_amber_and_many_of_a_run_red():
    read("erp.prices")
    RejectedRow.objects.create(flow="erp.prices", key="BOLT", reason="No unit", rejected_at=timezone.now())
    before = light("erp.prices")
    now = timezone.now()
    FlowRun.objects.create(flow="erp.prices", started_at=now, ended_at=now, seen=100, rejected=4, same=96)

    look()

    assert before == Light.AMBER
    assert one_case().kind == "flow_errors"
    assert "4 of 100 rows were not taken over in the last hour, more than 1 %" in one_case().cause


def test_the_number_of_statements_does_not_grow(django_assert_num_queries):
    for name in FLOWS:
        flow_row(name)
    now = timezone.now()
    for number in range(5):
        wait(f"order:SO-{number}")
        FlowRun.objects.create(flow="erp.stock", started_at=now, ended_at=now, seen=number)

    with django_assert_num_queries(14):
        found = all_flow_health(now)

    assert [health.flow.name for health in found] == list(FLOWS)


# --- one look at a time ---


def test_one_worker_looks_and_the_next_look_is_half_a_minute_later():
    now = timezone.now()
    every = timedelta(seconds=30)

    answers = [claim_watch(now + timedelta(seconds=after), every=every) for after in (0, 0, 29, 30, 31, 61)]

    assert answers == [True, False, False, True, False, True]


# --- escalation ---


@pytest.fixture
def late_stock(otto, mona):
    """A case of the stock flow, opened now."""
    read("erp.stock", minutes=30)
    look()
    return one_case()


def steps(case: Case) -> list[str]:
    return list(CaseStep.objects.filter(case=case).order_by("id").values_list("kind", flat=True))


@pytest.mark.req("INT-61")
def test_a_case_that_nobody_takes_is_told_to_the_steward_and_then_to_the_next_level_each_once(late_stock):
    first = FLOWS["erp.stock"].escalation.first.total_seconds() / 60
    seen = []
    for later in (first - 1, first + 1, first + 2, 59, 61, 62):
        look(later=later)
        seen.append(steps(late_stock)[1:])

    assert seen == [
        [],
        ["told_steward"],
        ["told_steward"],
        ["told_steward"],
        ["told_steward", "told_next"],
        ["told_steward", "told_next"],
    ]
    told = Event.objects.filter(name="case.escalated").order_by("id")
    assert [event.payload["recipients"][0]["email"] for event in told] == [
        "otto@nordwind.example",
        "mona@nordwind.example",
    ]


@pytest.mark.req("INT-61")
def test_the_mail_says_what_is_wrong_what_it_means_and_where_to_go(late_stock, monkeypatch):
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"mail": dispatch.DESTINATIONS["mail"]})
    monkeypatch.setattr(dispatch, "ROUTES", {"case.escalated": ("mail",)})
    look(later=16)

    relay()
    make_due()
    relay()

    (letter,) = mail.outbox
    assert letter.to == ["otto@nordwind.example"]
    assert letter.subject == f"Case {late_stock.number} waits for somebody: Stock per warehouse"
    for words in (
        "46 min old",
        "for 16 min",
        "labelled stale",
        f"/admin/core/case/{late_stock.number}/page/",
    ):
        assert words in letter.body


@pytest.mark.req("INT-61")
@pytest.mark.parametrize("how", ["owner", "step"])
def test_a_case_that_somebody_has_taken_is_told_to_nobody(late_stock, otto, how):
    if how == "owner":
        assign_case(late_stock, to=otto.user.pk, by=otto.actor)
    else:
        note_case(late_stock, text="Called the warehouse", by=otto.actor)

    look(later=300)

    assert not Event.objects.filter(name="case.escalated").exists()


@pytest.mark.req("INT-61")
def test_addresses_of_the_settings_come_before_the_role(late_stock):
    changes = {"steward": "stock@nordwind.example", "escalate_to": "boss@nordwind.example"}
    change_flow_settings("erp.stock", {**changes, "escalate_after_seconds": 1800}, by=BY, note="New people")

    look(later=31)

    told = Event.objects.filter(name="case.escalated").order_by("id")
    assert [[one["email"] for one in event.payload["recipients"]] for event in told] == [
        ["stock@nordwind.example"],
        ["boss@nordwind.example"],
    ]


@pytest.mark.req("INT-61")
def test_a_role_that_nobody_holds_is_said_on_the_case(otto):
    read("erp.stock", minutes=30)
    look()

    look(later=61)

    last = CaseStep.objects.filter(case=one_case()).last()
    assert last.kind == "told_next"
    assert last.reason == "Nobody took it, and nobody holds the role that is told next."
    assert Event.objects.filter(name="case.escalated").count() == 1


@pytest.mark.req("INT-47", "INT-61")
def test_nobody_is_told_while_the_system_rests(late_stock):
    now = timezone.now()
    SystemWindow.objects.create(
        system="erp", kind="batch", from_at=now - timedelta(minutes=1), until_at=now + timedelta(hours=3)
    )

    look(later=61)

    assert not Event.objects.filter(name="case.escalated").exists()


def test_healthz_names_the_alarms_and_stays_well_over_them(late_stock):
    body = report().as_json()

    assert body["flows"] == {"alarms": 1}


# --- the register ---


@pytest.mark.req("INT-53")
def test_every_service_has_a_measure_error_handling_and_somebody_who_owns_it():
    from importlib import import_module

    assert {service.key for service in SERVICES} == {
        "customer",
        "product",
        "price",
        "availability",
        "order-submission",
        "order-status",
        "quote-approval",
        "exception-handling",
    }
    for service in SERVICES:
        employ(f"{service.key}-owner", service.owner)
        assert import_module(service.place)
        assert service.errors
        assert set(service.flows) <= set(FLOWS)


@pytest.mark.req("INT-53", "INT-54")
def test_no_flow_is_outside_the_register_and_none_of_it_is_made_up():
    served = {name for service in SERVICES for name in service.flows}

    assert served == set(FLOWS)
    assert set(NOTICED) <= set(FLOWS)
    assert {"erp.prices", "erp.stock", "erp.orders-out"} <= set(NOTICED)
    assert "erp.costs" not in NOTICED
    assert BY_HAND


def test_every_playbook_of_a_flow_is_found_with_what_it_means_for_the_buyer():
    assert {flow.playbook for flow in FLOWS.values()} <= set(all_playbooks())
    assert all(section.for_the_buyer for section in all_playbooks().values())
    assert playbook("stock").title == "Stock is late"
    assert [lead for lead, _words in playbook("stock").parts] == ["The buyer", "Look at", "Do"]
    assert anchor_for("row_rejected", "row:erp.prices:BOLT") == "prices"
    assert anchor_for("erp_refusal", "order:SO-1") == "orders-out"
    assert anchor_for("something_new", "order:SO-1") == ""
