"""The pages around approvals: inbox with several at once, rules, budgets, absence."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Company, Delegation
from orders.models import ApprovalRule, Budget, CostCentre, Order
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.factories.approvals import BudgetFactory, CostCentreFactory, asks, rule_of
from tests.factories.catalog import CategoryFactory
from tests.factories.orders import fill, order_now, reprice, sell
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(acme):
    """Administers Acme."""
    return enrol("Boss", acme, "administrator")


@pytest.mark.req("APR-02")
def test_several_are_decided_on_at_once_and_each_has_its_own_outcome(anna, boris, clara):
    rule_of(anna.company)
    sell("A1")
    first, second, third = (order_now(anna, A1=pieces).number for pieces in (60, 70, 80))
    browser = boris.signed_in()
    form = form_of(browser.get("/approvals/"), "/approvals/decide/")
    browser.post(f"/orders/{second}/approve/", {})

    page = browser.post(
        "/approvals/decide/", {**form, "order": [first, second, "SO-1"], "verb": "approve"}, follow=True
    )

    told = text_of(page)
    assert f"Approved: {first}" in told
    assert f"{second}:" in told
    assert "There is no order SO-1." in told
    states = dict(Order.objects.values_list("number", "status"))
    assert states == {first: "received", second: "received", third: "pending_approval"}
    clara.signed_in().post("/approvals/decide/", {"order": [third], "verb": "reject", "comment": "x"})
    assert Order.objects.get(number=third).status == "pending_approval"


@pytest.mark.req("APR-04")
def test_a_manager_drafts_previews_and_puts_a_rule_in_force_by_the_pages(anna, boris, boss, clara):
    sell("A1")
    order_now(anna, A1=60)
    browser = boss.signed_in()
    form = form_of(browser.get("/approvals/rules/"), "/approvals/rules/save/")
    wish = {**form, "name": "Big orders", "amount": "50", "who_1": ["right"]}

    assert "It would have stopped 1 of 1 orders" in text_of(
        browser.post("/approvals/rules/save/", {**wish, "preview": "1"})
    )
    assert not ApprovalRule.objects.exists()
    browser.post("/approvals/rules/save/", wish)
    page = browser.get("/approvals/rules/")
    assert "draft, version 1" in text_of(page)
    clara.signed_in().post("/approvals/rules/activate/", {"rule": "big-orders", "version": "1"})
    assert ApprovalRule.objects.get().active_from is None
    browser.post("/approvals/rules/activate/", form_of(page, "/approvals/rules/activate/"))

    rule = ApprovalRule.objects.get()
    assert rule.conditions == [{"kind": "amount", "over": "50"}]
    assert [step["approvers"] for step in rule.steps] == ["right"]
    assert order_now(anna, A1=60).status == "pending_approval"
    assert "Order above an amount: EUR 50.00" in text_of(browser.get("/approvals/rules/"))
    again = form_of(browser.get("/approvals/rules/?rule=big-orders&version=1"), "/approvals/rules/save/")
    assert (again["code"], again["amount"]) == ("big-orders", "50")
    for other in (anna, boris):
        assert other.signed_in().get("/approvals/rules/").status_code == 403


@pytest.mark.req("APR-03")
def test_a_manager_makes_a_budget_and_a_buyer_sees_what_is_left(anna, boss):
    sell("A1")
    browser = boss.signed_in()
    form = form_of(browser.get("/budgets/"), "/budgets/save/")
    wish = {**form, "name": "Workshop", "amount": "100", "period": "month", "on_exceeding": "refuse"}
    browser.post("/budgets/save/", wish)
    order_now(anna, A1=60)

    page = anna.signed_in().get("/budgets/")

    assert "Workshop" in text_of(page)
    assert "EUR 40.00" in text_of(page)
    assert b"/budgets/save/" not in page.content
    anna.signed_in().post("/budgets/save/", {**wish, "amount": "1000"})
    assert Budget.objects.get().amount == 100


@pytest.mark.req("APR-03")
def test_checkout_asks_for_the_cost_centre_and_shows_its_budget(anna):
    shop = CostCentreFactory(company=anna.company, code="4711")
    BudgetFactory(company=anna.company, cost_centre=shop, amount=Decimal(100))
    sell("A1")
    fill(anna, A1=60)
    browser = anna.signed_in()
    form = form_of(browser.get("/checkout/"), having="shown")
    ship_to = {"ship_to": "acme-1"}

    refused = browser.post("/checkout/", {**form, **ship_to})
    assert refused.status_code == 422
    assert "Choose the cost centre" in text_of(refused)
    shown = browser.post("/checkout/", {**form, **ship_to, "cost_centre": "4711"}, follow=True)

    assert Order.objects.get().cost_centre == "4711"
    assert "is received" in text_of(shown)


@pytest.mark.req("APR-09")
def test_who_is_absent_names_a_colleague_who_finds_the_orders(anna, boris):
    dora = enrol("Dora", anna.company, "buyer")
    rule_of(anna.company)
    sell("A1")
    order = order_now(anna, A1=60)
    browser = boris.signed_in()
    form = form_of(browser.get("/approvals/"), "/approvals/absence/")
    today = timezone.localdate()
    days = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=3)).isoformat()}

    browser.post("/approvals/absence/", {**form, **days, "delegate": str(dora.user.pk)})

    assert order.number in text_of(dora.signed_in().get("/approvals/"))
    assert "Dora decides for Boris" in text_of(browser.get("/approvals/"))
    browser.post("/approvals/absence/end/", {"key": str(Delegation.objects.get().pk)})
    assert dora.signed_in().get("/approvals/").status_code == 403


@pytest.mark.req("APR-04")
def test_conditions_are_chosen_and_read_by_name(anna, boss):
    screws = CategoryFactory(slug="screws", name="Socket screws")
    sell("HEX-8", category=screws, name="Hexagon bolt M8")
    sell("WASH-1", name="Plain washer")
    sell("WASH-2", name="Spring washer")
    CostCentreFactory(company=anna.company, code="4711", name="Press line")
    browser = boss.signed_in()
    form = form_of(browser.get("/approvals/rules/"), "/approvals/rules/save/")
    wish = {
        **form, "name": "Watched", "who_1": ["right"], "category": ["screws"], "product": "hex",
        "ship_to": ["acme-1"], "cost_centre": ["4711"], "requester": [anna.user.email], "brand": "Nordwind",
    }  # fmt: skip

    for wrong, told in (
        ({"product": "wash"}, "“wash” finds several: WASH-1, WASH-2"),
        ({"product": "sprocket"}, "Nothing is found for “sprocket”"),
        ({"requester": ["clara@other.example"]}, "not one of the available choices"),
        ({"cost_centre": ["9999"]}, "not one of the available choices"),
    ):
        page = browser.post("/approvals/rules/save/", {**wish, **wrong})
        assert page.status_code == 422
        assert told in text_of(page), page.context["form"].errors
    browser.post("/approvals/rules/save/", wish)

    kept = {one["kind"]: one["any_of"] for one in ApprovalRule.objects.get().conditions}
    assert kept["product"] == ["HEX-8"]
    assert kept["requester"] == [anna.user.email]
    told = text_of(browser.get("/approvals/rules/"))
    for words in (
        "Socket screws",
        "HEX-8 Hexagon bolt M8",
        "Press line",
        "A certain buyer: Anna",
        "Nordwind",
    ):
        assert words in told
    again = browser.get("/approvals/rules/?rule=watched&version=1").context["form"]
    assert again["product"].value() == "HEX-8"
    assert again["category"].value() == ["screws"]


@pytest.mark.req("APR-04", "ACC-09")
def test_a_branch_reads_of_a_rule_from_above_only_what_is_its_own(anna, acme):
    head = CompanyFactory(number="HEAD")
    Company.objects.filter(pk=acme.pk).update(parent=head)
    sister = enrol("Sina", CompanyFactory(number="SISTER", parent=head), "buyer")
    boss = enrol("Boss", acme, "administrator")
    named = [anna.user.email, sister.user.email]
    rule_of(head, conditions=[{"kind": "requester", "any_of": named}])

    page = boss.signed_in().get("/approvals/rules/")

    assert "A certain buyer: Anna, 1 of another unit" in text_of(page)
    assert sister.user.email not in page.content.decode()


@pytest.mark.req("APR-01", "APR-02")
def test_the_inbox_says_what_is_in_an_order_and_which_step_it_is(anna, boris):
    rule_of(anna.company, asks(people=[boris.user.pk]), asks())
    for sku in ("A1", "A2", "A3"):
        sell(sku)
    order = order_now(anna, A1=60, A2=5, A3=1)

    told = text_of(boris.signed_in().get("/approvals/"))

    assert order.number in told
    assert "A1, A2 and 1 line more" in told
    assert "step 1 of 2" in told


@pytest.mark.req("APR-07")
def test_a_price_that_moved_is_shown_and_the_button_says_what_it_takes(anna, boris):
    rule_of(anna.company)
    product = sell("A1")
    order = order_now(anna, A1=60)
    reprice(product, "1.10")
    browser = boris.signed_in()
    way = f"/orders/{order.number}/approve/"

    shown = browser.post(way, form_of(browser.get(f"/orders/{order.number}/"), way))

    assert shown.status_code == 409
    assert "A1 1.0000 → 1.1000" in text_of(shown)
    assert "Approve at the new prices" in text_of(shown)
    assert Order.objects.get().status == "pending_approval"
    browser.post(way, form_of(shown, way))
    assert (Order.objects.get().status, Order.objects.get().net_amount) == ("received", 66)


@pytest.mark.req("APR-02", "APR-09")
def test_the_inbox_says_on_whose_behalf_one_would_decide(anna, boris):
    dora = enrol("Dora", anna.company, "approver")
    rule_of(anna.company, asks(people=[boris.user.pk]))
    sell("A1")
    order = order_now(anna, A1=60)
    now = timezone.now()
    days = {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)}
    Delegation.objects.create(company=anna.company, delegator=boris.user, delegate=dora.user, **days)

    shown, own = (member.signed_in().get("/approvals/") for member in (dora, boris))

    assert [row.absent for row in shown.context["waiting"]] == [["Boris"]]
    assert "On behalf of" in text_of(shown)
    assert [(row.order.number, row.absent) for row in own.context["waiting"]] == [(order.number, [])]
    assert "On behalf of" not in text_of(own)


def test_what_is_asked_of_oneself_is_not_on_behalf_of_anybody(anna, boris):
    dora = enrol("Dora", anna.company, "approver")
    rule_of(anna.company)
    sell("A1")
    order_now(anna, A1=60)
    now = timezone.now()
    days = {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)}
    Delegation.objects.create(company=anna.company, delegator=boris.user, delegate=dora.user, **days)

    assert [row.absent for row in dora.signed_in().get("/approvals/").context["waiting"]] == [[]]


@pytest.mark.req("APR-02")
def test_all_are_chosen_by_a_link_that_needs_no_script(anna, boris):
    rule_of(anna.company)
    sell("A1")
    for pieces in (60, 70):
        order_now(anna, A1=pieces)
    browser = boris.signed_in()

    plain, all_chosen = (browser.get(f"/approvals/{query}").content.decode() for query in ("", "?all=1"))

    assert plain.count(" checked") == 0
    assert 'href="?&amp;all=1"' in plain or 'href="?&all=1"' in plain
    assert all_chosen.count(" checked") == 2
    assert "Choose none" in all_chosen


@pytest.mark.parametrize(
    ("step", "page"),
    [
        ("/approvals/rules/save/", "/approvals/rules/"),
        ("/approvals/decide/", "/approvals/"),
        ("/budgets/save/", "/budgets/"),
        ("/orders/SO-1/approve/", "/orders/SO-1/"),
    ],
)
def test_whoever_comes_by_the_address_of_a_step_is_led_to_its_page(boss, step, page):
    answer = boss.signed_in().get(step)

    assert (answer.status_code, answer.url) == (302, page)
    assert boss.signed_in().put(step).status_code == 405


@pytest.mark.req("SEC-08")
def test_a_cost_centre_that_is_made_or_renamed_stands_in_the_activity(boss, acme, other):
    browser = boss.signed_in()
    browser.post("/budgets/cost-centres/", {"code": "4720", "name": "Tool room", "acting_company": "ACME"})
    centre = CostCentre.objects.get()

    for name in ("Tool store", "Tool store"):
        browser.post(
            "/budgets/cost-centres/rename/", {"key": centre.pk, "name": name, "acting_company": "ACME"}
        )

    page = text_of(browser.get("/company/activity/"))
    assert page.count("made the cost centre 4720 Tool room") == 1
    assert page.count("renamed the cost centre 4720 Tool store") == 1
    foreign = CostCentreFactory(company=other, code="1", name="Theirs")
    answer = browser.post(
        "/budgets/cost-centres/rename/", {"key": foreign.pk, "name": "Ours", "acting_company": "ACME"}
    )
    assert answer.status_code == 404
    foreign.refresh_from_db()
    assert foreign.name == "Theirs"


@pytest.mark.req("APR-07", "APR-11")
def test_the_order_says_at_which_new_prices_it_was_approved(anna, boris):
    rule_of(anna.company)
    product = sell("A1")
    order = order_now(anna, A1=60)
    reprice(product, "1.10")
    browser, way = boris.signed_in(), f"/orders/{order.number}/approve/"
    shown = browser.post(way, form_of(browser.get(f"/orders/{order.number}/"), way))
    browser.post(way, form_of(shown, way))

    assert "at new prices: A1 1.0000 → 1.1000" in text_of(anna.signed_in().get(f"/orders/{order.number}/"))


def test_an_order_names_its_cost_centre_with_its_name(anna):
    CostCentreFactory(company=anna.company, code="4711", name="Press line")
    sell("A1")
    order = order_now(anna, choice={"cost_centre": "4711"}, A1=1)

    assert "4711 Press line" in text_of(anna.signed_in().get(f"/orders/{order.number}/"))
