"""The page of a flow: settings with their versions, switches, what a shadow run found; times of rest."""

import pytest

from integrations.actions.settings import change_flow_settings
from integrations.effective import effective
from integrations.flows import FLOWS
from integrations.models import Difference, FlowRun, FlowSettings, FlowState, SystemWindow
from integrations.states import FlowMode
from integrations.systems import job_actor
from tests.factories.accounts import CompanyFactory

pytestmark = pytest.mark.django_db
BY = job_actor("test")


def page(name: str = "erp.stock") -> str:
    return f"/admin/integrations/flowstate/{name}/page/"


@pytest.mark.req("INT-64", "INT-54")
def test_settings_are_changed_compared_and_brought_back_on_the_page(otto):
    browser = otto.signed_in()
    form = {"do": "set", "mode": "live", "limit_seconds": "20 min", "note": "Agreed with sales"}

    set_answer = browser.post(page(), form)
    shown = browser.get(page()).content.decode()
    browser.post(page(), {**form, "limit_seconds": "0.5 h", "note": "More"})
    browser.post(page(), {"do": "restore", "version": "1", "reason": "Sales changed their mind"})

    assert set_answer.status_code == 302
    for words in (
        "Agreed with sales",
        "Limit of its age",
        "as delivered",
        "20 min",
        "in force",
        "Otto",
    ):
        assert words in shown
    assert [row.limit_seconds for row in FlowSettings.objects.order_by("version")] == [1200, 1800, 1200]


@pytest.mark.req("INT-64")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"every_seconds": "60", "limit_seconds": "30"}, "The limit is shorter"),
        ({"rollout_category": "nowhere"}, "There is no Product category nowhere here"),
        ({"note": ""}, "This field is required"),
    ],
)
def test_what_makes_no_sense_stands_beside_its_field_and_nothing_is_kept(otto, change, words):
    answer = otto.signed_in().post(page(), {"do": "set", "mode": "live", "note": "Try", **change})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not FlowSettings.objects.exists()


@pytest.mark.req("OPS-03")
def test_a_wave_and_words_are_typed_as_people_write_them(otto):
    CompanyFactory(number="C-1")
    CompanyFactory(number="C-2")
    browser = otto.signed_in()

    browser.post(
        page("erp.orders-out"),
        {"do": "set", "mode": "live", "rollout_company": "C-1, C-2", "note": "First wave"},
    )
    browser.post(
        page("erp.products"),
        {"do": "set", "mode": "live", "words_units": "Stk = C62\nPaar = PR", "note": "Theirs"},
    )
    shown = browser.get(page("erp.products")).content.decode()

    assert effective("erp.orders-out").rollout == {"company": ["C-1", "C-2"]}
    assert effective("erp.products").mapping == {"units": {"Stk": "C62", "Paar": "PR"}}
    assert "Stk = C62\nPaar = PR" in shown


@pytest.mark.req("OPS-10")
def test_the_switches_of_the_page_ask_why_and_do_it(otto):
    browser = otto.signed_in()

    browser.post(page("mail.out"), {"do": "pause", "reason": ""})
    without = FlowState.objects.filter(flow="mail.out", is_paused=True).exists()
    browser.post(page("mail.out"), {"do": "pause", "reason": "The server moves"})
    paused = browser.get(page("mail.out")).content.decode()
    browser.post(page("mail.out"), {"do": "resume"})

    assert without is False
    assert "The server moves" in paused
    assert not FlowState.objects.filter(is_paused=True).exists()


@pytest.mark.req("OPS-05")
def test_a_flow_is_rolled_back_on_its_page(otto):
    change_flow_settings("erp.stock", {"every_seconds": 20}, by=BY, note="Faster")

    otto.signed_in().post(page(), {"do": "back", "reason": "Too fast"})

    assert effective("erp.stock").every == FLOWS["erp.stock"].every


@pytest.mark.req("OPS-16")
def test_what_a_shadow_run_found_stands_ours_beside_theirs(otto):
    change_flow_settings("erp.stock", {"mode": FlowMode.SHADOW}, by=BY, note="Look first")
    run = FlowRun.objects.create(
        flow="erp.stock",
        started_at="2026-11-28T08:00Z",
        ended_at="2026-11-28T08:01Z",
        mode="shadow",
        changed=1,
    )
    Difference.objects.create(
        run=run, key="BOLT in LNZ", change="changed", ours={"on_hand": "5"}, theirs={"on_hand": "3"}
    )

    shown = otto.signed_in().get(page()).content.decode()

    for words in ("Compares only", "BOLT in LNZ", "on_hand", "1 changed"):
        assert words in shown


@pytest.mark.req("OPS-07")
def test_one_button_holds_all_that_goes_out_and_lets_it_go_again(otto):
    browser, address = otto.signed_in(), "/admin/integrations/flowstate/"

    without = browser.post(address, {"do": "read_only", "reason": ""})
    browser.post(address, {"do": "read_only", "reason": "First week"})
    held = {row.flow for row in FlowSettings.objects.filter(is_active=True, mode="held")}
    shown = browser.get(address).content.decode()
    browser.post(address, {"do": "read_write", "reason": "It reads well"})

    assert without.status_code in (302, 422)
    assert held == {
        "erp.orders-out",
        "erp.addresses-out",
        "erp.contacts-out",
        "erp.customers-out",
        "tax.checks",
        "mail.out",
    }
    assert "Read-only: nothing goes out" in shown
    assert not FlowSettings.objects.filter(is_active=True, mode="held").exists()


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_has_a_page(otto, name):
    assert otto.signed_in().get(page(name)).status_code == 200


def test_sales_see_no_flow_and_change_none_and_an_unknown_one_is_not_found(sam, otto):
    seen = sam.signed_in().get(page()).status_code
    posted = sam.signed_in().post(page(), {"do": "set", "mode": "held", "note": "x"}).status_code

    assert (seen, posted) == (403, 403)
    assert otto.signed_in().get(page("erp.nothing")).status_code == 404
    assert not FlowSettings.objects.exists()


@pytest.mark.req("INT-47")
def test_operators_keep_times_of_rest_and_what_is_neither_weekly_nor_once_is_refused(otto):
    browser = otto.signed_in()
    weekly = {
        "system": "erp",
        "kind": "batch",
        "weekdays": ["4", "5"],
        "starts": "22:00",
        "ends": "06:00",
        "is_active": "on",
    }

    kept = browser.post("/admin/integrations/systemwindow/add/", weekly)
    refused = browser.post("/admin/integrations/systemwindow/add/", {**weekly, "weekdays": []})
    listed = browser.get("/admin/integrations/systemwindow/").content.decode()

    window = SystemWindow.objects.get()
    assert kept.status_code == 302
    assert (refused.status_code, window.weekdays) == (200, [4, 5])
    assert "Say either weekdays with two times, or two moments." in refused.content.decode()
    assert "Fri, Sat 22:00–06:00" in listed


def test_a_version_that_is_no_number_is_not_found(otto):
    answer = otto.signed_in().post(page(), {"do": "restore", "version": "²", "reason": "Try"})

    assert answer.status_code == 404
