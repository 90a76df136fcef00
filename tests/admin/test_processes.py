"""How far a process came is seen on its document, on its case, in a list and on a page of its own."""

import pytest
from django.urls import reverse

from core.models import Case
from integrations.actions import processes as notes
from integrations.destinations import erp
from integrations.failures import NotUndone, Refused, Transient
from integrations.models import Process
from integrations.processes.definitions import ORDER_SUBMISSION
from integrations.systems import Message
from tests.factories.orders import by_erp, order_now, sell

pytestmark = [pytest.mark.django_db, pytest.mark.req("INT-42")]


@pytest.fixture
def order(anna):
    sell("BOLT", "2.00")
    return order_now(anna, BOLT=100)


@pytest.fixture
def stuck(order):
    """An order refused at its confirmation, whose quotation could not be taken away."""
    names = [step.name for step in ORDER_SUBMISSION.steps]
    process = notes.begin_process(
        "order_submission", order.subject, steps=names, given={"event": "e1"}, by=by_erp()
    )
    check, reserve, post, _record = process.steps.order_by("position")
    notes.finish_step(notes.start_step(check, check.input), {"party": 7, "products": {"BOLT": 12}})
    lost = notes.start_step(reserve, reserve.input)
    notes.fail_step(lost, Transient("The ERP is busy (503)."))
    notes.finish_step(notes.start_step(reserve, reserve.input), {"erp_number": "SALE-7"})
    no = Refused("Over the limit.", cause="C1 would exceed its credit limit.", code="credit_limit")
    notes.fail_step(notes.start_step(post, post.input), no)
    notes.finish_undo(notes.start_undo(post))
    failure = Transient("The ERP is busy (503).")
    notes.fail_undo(notes.start_undo(reserve), failure)
    message = Message("k", "order.received", order.subject, "ACME", {}, 5, "c" * 32)
    erp.bury(message, NotUndone("reserve", failure))
    return process


def test_the_pages_of_order_and_case_tell_how_far_it_came(otto, order, stuck):
    browser = otto.signed_in()
    case = Case.objects.get()
    pages = [
        browser.get(reverse("admin:orders_order_page", args=[order.number])).content.decode(),
        browser.get(reverse("admin:core_case_page", args=[case.number])).content.decode(),
    ]

    assert case.kind == "undo_failed"
    for page in pages:
        assert "Order to the ERP" in page
        assert "Waits for a person" in page
        assert "Undoing stopped: The ERP is busy (503)." in page
        assert "2 attempts" in page
        assert reverse("admin:integrations_process_page", args=[stuck.pk]) in page
    assert "Try to undo it again" in pages[1]
    assert "Settled by hand" in pages[1]


def test_the_page_of_a_process_shows_what_went_in_and_came_out(otto, order, stuck):
    page = otto.signed_in().get(f"/admin/integrations/process/{stuck.pk}/page/").content.decode()

    for words in (
        "What was done could not be taken back.",
        "C1 would exceed its credit limit.",
        "SALE-7",
        "&quot;BOLT&quot;: 12",
        "Being undone",
        order.number,
    ):
        assert words in page


def test_the_list_tells_where_each_process_stands_and_leads_to_its_page(
    otto, order, stuck, django_assert_max_num_queries
):
    browser = otto.signed_in()
    browser.get("/admin/integrations/process/")
    with django_assert_max_num_queries(20):
        page = browser.get("/admin/integrations/process/", {"q": order.number}).content.decode()
    target = browser.get(f"/admin/integrations/process/{stuck.pk}/change/")

    assert "1 of 4 done · Posted" in page
    assert "Waits for a person" in page
    assert target["Location"] == f"/admin/integrations/process/{stuck.pk}/page/"


@pytest.mark.req("SEC-02")
def test_nobody_types_into_a_process_and_sales_may_not_open_one(otto, sam, stuck):
    posted = otto.signed_in().post(f"/admin/integrations/process/{stuck.pk}/change/", {"state": "done"})
    looked = sam.signed_in().get(f"/admin/integrations/process/{stuck.pk}/page/")

    stuck.refresh_from_db()
    assert posted.status_code in (302, 403, 422)
    assert looked.status_code == 403
    assert Process.objects.get().state == "waiting"
