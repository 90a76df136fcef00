"""The page of all flows: health with its reason, filters, services, inventory, playbooks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.cases import CaseFacts, open_case
from integrations import alerts
from integrations.actions.flows import flow_row, pause_flow
from integrations.actions.settings import change_flow_settings
from integrations.flows import FLOWS
from integrations.models import Delivery, FlowRun, FlowState, System, SystemWindow
from integrations.playbooks import all_playbooks
from integrations.states import FlowMode
from integrations.systems import job_actor
from tests.factories.integrations import happen

pytestmark = pytest.mark.django_db
PAGE = "/admin/integrations/flowstate/"
BY = job_actor("test")


@pytest.fixture
def mixed(db):
    """Every flow well, but stock over its limit, prices near theirs, costs paused, content comparing only."""
    now = timezone.now()
    ages = {"erp.stock": 22, "erp.prices": 50}
    for name in FLOWS:
        moment = now - timedelta(minutes=ages.get(name, 1))
        flow_row(name)
        FlowState.objects.filter(flow=name).update(
            as_of=moment, last_success_at=moment, next_run_at=now + timedelta(minutes=1)
        )
    pause_flow("erp.costs", by=BY, reason="Costs are counted anew")
    change_flow_settings("pim.content", {"mode": FlowMode.SHADOW}, by=BY, note="Look first")


def shown(member, query: str = "") -> str:
    return member.signed_in().get(PAGE + query).content.decode()


@pytest.mark.req("INT-05", "INT-61")
def test_the_page_says_of_each_flow_how_it_is_and_why(otto, mixed):
    page = shown(otto)

    for words in (
        f"{len(FLOWS)} flows: 1 to act on, 1 to look at soon, {len(FLOWS) - 4} healthy,",
        "2 from which nothing is expected.",
        "Over its limit",
        "Its figures are 22 min old, the limit is 15 min",
        "Near its limit",
        "Paused by Accord: Costs are counted anew",
        "Compares only",
        "Healthy",
        "ERP · Sales manager",
        f"{PAGE}playbooks/stock/",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("show", "there", "gone"),
    [
        ("red", "Stock per warehouse", "Payment terms"),
        ("amber", "erp.prices/page", "Stock per warehouse</b>"),
        ("off", "Costs", "Payment terms"),
    ],
)
def test_the_filters_show_one_colour(otto, mixed, show, there, gone):
    page = shown(otto, f"?show={show}")

    assert there in page
    assert f"<b>{gone}" not in page


def test_a_filter_without_flows_leads_back_to_all(otto, mixed):
    FlowState.objects.filter(flow="erp.stock").update(as_of=timezone.now())

    assert "No flow is like that now" in shown(otto, "?show=red")


def test_a_system_that_is_away_is_told_on_top_and_in_the_reason(otto, mixed):
    System.objects.update_or_create(
        key="erp",
        defaults={
            "kind": "erp",
            "down_since": timezone.now() - timedelta(minutes=5),
            "last_error": "No answer.",
        },
    )

    page = shown(otto)

    assert "ERP has not answered since today" in page
    assert "the ERP has not answered since" in page


@pytest.mark.req("INT-47")
def test_the_group_of_a_system_names_its_times_of_rest(otto, mixed):
    SystemWindow.objects.create(
        system="erp", kind="batch", weekdays=[4, 5], starts="22:00", ends="06:00", note="Night run"
    )

    assert "rests Fri, Sat 22:00–06:00" in shown(otto)


@pytest.mark.req("INT-61")
def test_a_case_of_a_flow_is_linked_and_shows_its_playbook(otto, mixed):
    alerts.watch(timezone.now())

    page = shown(otto)
    number = page.partition("See the case")[0].rpartition("/admin/core/case/")[2].partition("/")[0]
    case = otto.signed_in().get(f"/admin/core/case/{number}/page/").content.decode()

    assert "Flow is late" in case
    assert "let warehouses say" in case
    assert f"{PAGE}playbooks/stock/" in case


@pytest.mark.req("INT-53")
def test_the_services_show_health_measures_cases_and_named_owners(otto, mona, mixed):
    open_case("row_rejected", "row:erp.prices:BOLT", CaseFacts(cause="No unit"), by=BY)

    page = shown(otto, "?tab=services")

    for words in (
        "Customer",
        "Product",
        "Price",
        "Availability",
        "Order submission",
        "Order status",
        "Quote approval",
        "Exception handling",
        "1 open case<",
        "Otto",
        "Mona",
        "0 of 1 open cases are past their time",
    ):
        assert words in page


def test_a_role_without_people_is_said(otto, mixed):
    assert "Give somebody this role." in shown(otto, "?tab=services")


@pytest.mark.req("INT-54", "INT-46")
def test_the_inventory_lists_system_schedule_runs_and_what_buyers_would_notice(otto, mixed):
    now = timezone.now()
    FlowRun.objects.create(flow="erp.stock", started_at=now, ended_at=now, seen=1200, changed=7, same=1193)

    page = shown(otto, "?tab=inventory")

    for name in FLOWS:
        assert name in page
    for words in (
        "every 10 s",
        "everything every 6 h",
        "1,200 seen, 0 new, 7 changed, 0 rejected",
        "availability and its age",
        "Operator, 15 min",
        "then Sales manager, 1 h",
        "export_orders",
    ):
        assert words in page


@pytest.mark.req("INT-02")
def test_the_owners_of_the_fields_have_a_page_of_their_own(otto, db):
    assert "catalog.Product" in shown(otto, "?tab=owners")


@pytest.mark.parametrize("anchor", all_playbooks())
def test_every_playbook_can_be_read(otto, anchor):
    answer = otto.signed_in().get(f"{PAGE}playbooks/{anchor}/")

    assert answer.status_code == 200
    assert "The buyer" in answer.content.decode()


def test_what_is_not_there_or_not_ones_own_is_not_shown(otto, sam, mixed):
    assert otto.signed_in().get(f"{PAGE}playbooks/nothing/").status_code == 404
    assert otto.signed_in().get(f"{PAGE}?tab=nothing").status_code == 200
    assert sam.signed_in().get(f"{PAGE}playbooks/stock/").status_code == 403
    assert sam.signed_in().get(PAGE).status_code == 403


@pytest.mark.parametrize(("query", "ceiling"), [("", 35), ("?tab=services", 38), ("?tab=inventory", 33)])
def test_the_page_asks_no_more_however_much_there_is(
    otto, mixed, django_assert_max_num_queries, query, ceiling
):
    now = timezone.now()
    for number in range(10):
        event = happen(f"order:SO-{number}")
        Delivery.objects.create(
            event=event, destination="erp", system="erp", subject=event.subject, sequence=1, next_try_at=now
        )
        FlowRun.objects.create(flow="erp.stock", started_at=now, ended_at=now, seen=number)
    browser = otto.signed_in()
    browser.get(PAGE)

    with django_assert_max_num_queries(ceiling):
        browser.get(PAGE + query)
