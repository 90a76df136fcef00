"""The operator's pages: cases with their repairs, deliveries, flows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from core.cases import CaseFacts, open_case
from core.errors import InvalidValue, WrongState
from core.models import Case, CaseState, CaseStep, Event, Severity
from integrations.actions.flows import flow_row
from integrations.actions.relay import dispatch_events
from integrations.dispatch import routes
from integrations.models import Delivery, FlowState, System
from integrations.repairs import repair_case, repairs_for
from integrations.states import DeliveryState
from orders.actions.erp import hold_order
from orders.states import OrderStatus
from portal.admin.operations.words import KINDS, age_mark, without_people
from tests.factories.orders import by_erp, order_now, sell

pytestmark = pytest.mark.django_db

CAUSE = "Refused: EUR 1,240.00 over the credit limit in Tryton"


@pytest.fixture
def refused(anna):
    """An order that the ERP refused: on hold, its message a dead letter, a case open."""
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)
    dispatch_events(routes())
    Delivery.objects.filter(subject=order.subject, destination="erp").update(
        state=DeliveryState.BURIED, buried_at=timezone.now(), attempts=1, error_class="refused"
    )
    hold_order(order.number, CAUSE, by=by_erp())
    facts = CaseFacts(
        cause=CAUSE,
        promise="The buyer sees the order on hold",
        severity=Severity.AT_RISK,
        system="erp",
        company="ACME",
        amount=Decimal("240.00"),
        currency="EUR",
        evidence={"code": "credit_limit", "limit": "90000.00"},
        due_at=timezone.now() + timedelta(hours=1),
    )
    return open_case("erp_refusal", order.subject, facts, by=by_erp())


def _page(case: Case) -> str:
    return f"/admin/core/case/{case.number}/page/"


def test_the_list_tells_cause_customer_amount_age_and_promise(otto, refused):
    page = otto.signed_in().get("/admin/core/case/").content.decode()

    for words in (
        refused.number,
        "Refused: EUR 1,240.00",
        "Acme Works",
        "EUR 240.00",
        "limit 1 h",
        "on hold",
    ):
        assert words in page
    assert "edge-warn" in page


def test_the_operators_first_page_shows_the_cases_and_the_sidebar_counts_them(otto, sam, refused):
    page = otto.signed_in().get("/admin/").content.decode()

    assert CAUSE in page
    assert "1 touches a promise" in page
    assert "1 dead letter" in page
    assert CAUSE not in sam.signed_in().get("/admin/").content.decode()


def test_the_red_count_beside_deliveries_leads_to_what_it_counts(otto, refused):
    browser = otto.signed_in()

    page = browser.get("/admin/integrations/delivery/")
    waiting = browser.get("/admin/integrations/delivery/?view=waiting").content.decode()

    assert (page.context["view"], page.context["counts"]["dead"], len(page.context["rows"])) == ("dead", 1, 1)
    assert "dead letters, in need of somebody: 1" in page.content.decode()
    assert "Everything that had to leave has left" not in waiting


def test_views_and_search_narrow_the_list(otto, refused):
    browser = otto.signed_in()

    def listed(query: str) -> bool:
        return CAUSE in browser.get(f"/admin/core/case/?{query}").content.decode()

    assert listed("view=promise")
    assert listed("view=unassigned")
    assert not listed("view=mine")
    assert not listed("view=settled")
    assert listed(f"q={refused.subject.partition(':')[2]}")
    assert not listed("q=somebody-else")
    assert not listed("kind=row_rejected")


@pytest.mark.req("ORD-07")
def test_the_page_of_a_case_shows_evidence_story_and_the_permitted_repairs(otto, refused):
    page = otto.signed_in().get(_page(refused)).content.decode()

    for words in (
        CAUSE,
        "credit_limit",
        "90000.00",
        "Resend with current data",
        "Cancel the order",
        "Opened",
    ):
        assert words in page


@pytest.mark.req("ORD-07", "INT-39")
def test_resending_gives_up_the_refused_message_and_sends_the_order_anew(otto, refused):
    number = refused.subject.partition(":")[2]
    form = {"do": "repair", "repair": "resend", "reason": "Credit control raised the limit"}

    response = otto.signed_in().post(_page(refused), form, follow=True)

    assert "on its way to the ERP again" in response.content.decode()
    old = Delivery.objects.get(subject=refused.subject, destination="erp")
    assert old.state == DeliveryState.DROPPED
    assert Event.objects.filter(subject=refused.subject, name="order.resent").count() == 1
    assert CaseStep.objects.get(case=refused, kind="repaired").reason == "Credit control raised the limit"
    from orders.queries.orders import all_order_by_number

    assert all_order_by_number(number).status == OrderStatus.RECEIVED
    refused.refresh_from_db()
    assert refused.state == CaseState.OPEN  # until the ERP confirms


@pytest.mark.req("ORD-07")
def test_cancelling_frees_the_order_and_settles_the_case(otto, refused):
    form = {"do": "repair", "repair": "cancel", "reason": "The buyer orders elsewhere"}

    otto.signed_in().post(_page(refused), form)

    refused.refresh_from_db()
    assert refused.state == CaseState.CLOSED
    assert Event.objects.filter(subject=refused.subject, name="order.cancelled").count() == 1


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"do": "repair", "repair": "resend", "reason": " "}, "Say why"),
        ({"do": "repair", "repair": "raise-limit", "reason": "x"}, "Choose one of the permitted repairs"),
        ({"do": "ignore", "reason": ""}, "Say why"),
    ],
)
def test_what_is_not_permitted_or_has_no_reason_changes_nothing(otto, refused, form, refusal):
    browser = otto.signed_in()

    response = browser.post(
        _page(refused), form, follow=True, headers={"Referer": f"http://testserver{_page(refused)}"}
    )

    assert refusal in response.content.decode()
    refused.refresh_from_db()
    assert refused.state == CaseState.OPEN
    assert list(CaseStep.objects.filter(case=refused).values_list("kind", flat=True)) == ["opened"]
    assert not Event.objects.filter(subject=refused.subject, name="order.resent").exists()


def test_a_settled_case_permits_no_repair(otto, refused):
    repair_case(refused, "cancel", reason="gone", by=otto.actor)

    with pytest.raises(WrongState):
        repair_case(refused, "resend", reason="again", by=otto.actor)


def test_a_case_that_only_the_erp_can_mend_offers_nothing_to_press(refused, otto):
    other = open_case("over_shipped", "order:X", CaseFacts(cause="More shipped"), by=by_erp())

    assert repairs_for(other) == []
    with pytest.raises(InvalidValue):
        repair_case(other, "resend", reason="try", by=otto.actor)


def test_a_case_is_taken_noted_and_left_with_a_reason(otto, refused):
    browser = otto.signed_in()

    browser.post(_page(refused), {"do": "take"})
    browser.post(_page(refused), {"do": "note", "reason": "Called credit control"})
    mine = browser.get("/admin/core/case/?view=mine").content.decode()
    browser.post(_page(refused), {"do": "ignore", "reason": "A test order"})

    assert CAUSE in mine
    refused.refresh_from_db()
    assert (refused.owner, refused.state, refused.closed_reason) == (otto.user, "ignored", "A test order")
    assert "Called credit control" in browser.get(_page(refused)).content.decode()


def test_the_sales_staff_have_no_way_to_cases_and_buyers_none_to_anything(sam, anna, clara, refused):
    assert sam.signed_in().get(_page(refused)).status_code == 403
    assert sam.signed_in().post(_page(refused), {"do": "ignore", "reason": "x"}).status_code == 403
    for buyer in (anna, clara):
        assert buyer.signed_in().get(_page(refused), follow=True).status_code == 403
    refused.refresh_from_db()
    assert refused.state == CaseState.OPEN


def test_an_unknown_case_is_not_found(otto, db):
    assert otto.signed_in().get("/admin/core/case/C-0/page/").status_code == 404


def test_an_empty_list_says_what_would_appear_there(otto, db):
    assert "No case needs anybody" in otto.signed_in().get("/admin/core/case/").content.decode()


@pytest.mark.req("ORD-05")
def test_what_waits_for_a_system_that_is_down_is_paused_and_not_in_error(otto, anna):
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)
    dispatch_events(routes())
    System.objects.update_or_create(
        key="erp", defaults={"kind": "erp", "down_since": timezone.now(), "next_probe_at": timezone.now()}
    )

    page = otto.signed_in().get(f"/admin/integrations/delivery/?q={order.number}").content.decode()

    assert "ERP has not answered since today" in page
    assert "Paused" in page
    assert "edge-bad" not in page


@pytest.mark.req("INT-39")
def test_a_dead_letter_is_tried_again_with_a_reason_that_is_kept(otto, refused):
    letter = Delivery.objects.get(subject=refused.subject, destination="erp")
    browser = otto.signed_in()
    address = f"/admin/integrations/delivery/{letter.pk}/page/"

    browser.post(address, {"do": "replay", "reason": ""}, headers={"Referer": f"http://testserver{address}"})
    letter.refresh_from_db()
    assert letter.state == DeliveryState.BURIED
    browser.post(address, {"do": "replay", "reason": "Limit raised"})

    letter.refresh_from_db()
    assert letter.state == DeliveryState.WAITING
    assert "Limit raised" in browser.get(address).content.decode()


def test_every_kind_of_case_has_an_icon_that_exists():
    sprite = (settings.BASE_DIR / "static/vendor/tabler-icons-3.51.0/icons.svg").read_text()

    assert [icon for _words, icon in KINDS.values() if f'id="{icon}"' not in sprite] == []


def test_a_message_is_shown_without_the_people_in_it():
    shown = without_people(
        {"order": {"email": "a@x.example", "sku": "B", "lines": [{"phone": "1", "qty": "2"}]}}
    )

    assert shown == {
        "order": {"email": "email hidden", "sku": "B", "lines": [{"phone": "phone hidden", "qty": "2"}]}
    }


@pytest.mark.req("INT-02")
def test_the_flows_page_shows_age_against_limit_and_who_owns_what(otto, db):
    row = flow_row("erp.stock")
    FlowState.objects.filter(pk=row.pk).update(
        as_of=timezone.now() - timedelta(hours=9), last_success_at=timezone.now() - timedelta(hours=9)
    )

    page = otto.signed_in().get("/admin/integrations/flowstate/").content.decode()

    assert "erp.stock" in page
    owners = otto.signed_in().get("/admin/integrations/flowstate/?tab=owners").content.decode()

    assert "Over its limit" in page
    assert "catalog.Product" in owners


def test_a_flow_is_paused_with_a_reason_and_goes_on_again(otto, db):
    browser = otto.signed_in()
    address = "/admin/integrations/flowstate/"

    browser.post(address, {"do": "pause", "flow": "erp.stock", "reason": "Stocktaking until noon"})
    paused = browser.get(address).content.decode()
    browser.post(address, {"do": "resume", "flow": "erp.stock"})

    assert "Stocktaking until noon" in paused
    assert "Paused" in paused
    assert not FlowState.objects.get(flow="erp.stock").is_paused


def test_nobody_but_operators_switches_flows(sam, db):
    form = {"do": "pause", "flow": "erp.stock", "reason": "x"}

    assert sam.signed_in().post("/admin/integrations/flowstate/", form).status_code == 403
    assert not FlowState.objects.filter(is_paused=True).exists()


@pytest.mark.parametrize(
    ("minutes", "fill", "tone"), [(30, "35", ""), (48, "56", "warn"), (60, "70", "warn"), (61, "71", "bad")]
)
def test_an_age_turns_amber_at_four_fifths_of_its_limit_and_red_past_it(minutes, fill, tone):
    now = timezone.now()

    mark = age_mark(now - timedelta(minutes=minutes), timedelta(hours=1), now=now)

    assert (mark.fill, mark.tone) == (fill, tone)
