"""What the pages say of the ERP's live word, and that no page but ordering waits for it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from orders.live import LivePrice
from orders.models import CheckoutPolicy
from orders.queries.cart import cart_for
from orders.rules.live import DEFAULTS, Decision
from orders.states import LiveKind, LiveRule, Situation
from tests.factories.orders import fill, order_now, sell
from tests.portal.pages import text_of

pytestmark = pytest.mark.django_db


def decided(**changes):
    """A decision on the price of A1, confirmed now."""
    now = timezone.now()
    known = Decision(
        kind=LiveKind.PRICE,
        key="A1/piece",
        situation=Situation.AGREES,
        rule=LiveRule.TAKE_ERP,
        policy=1,
        at=now,
        ours="1",
        theirs="1",
        kept="1",
        as_of=now,
    )
    return replace(known, **changes)


def ordered(member, *decisions):
    """An order with these decisions."""
    sell("A1")
    order = order_now(member, A1=5)
    order.live_checks = [one.to_json() for one in decisions]
    order.save(update_fields=["live_checks"])
    return order


@pytest.mark.req("CRT-11", "INT-58")
def test_the_buyer_reads_what_was_confirmed_and_what_was_not(anna):
    old = timezone.now() - timedelta(minutes=4)
    silent = {"situation": Situation.UNHEARD, "rule": LiveRule.LAST_KNOWN, "theirs": None, "why": "timeout"}
    order = ordered(anna, decided(), decided(kind=LiveKind.STOCK, key="A1", kept="1000", as_of=old, **silent))

    page = text_of(anna.signed_in().get(f"/orders/{order.number}/"))

    assert "Prices confirmed by our ERP at" in page
    assert "Stock: last known, 4 min old. Our ERP did not answer when you ordered." in page


@pytest.mark.req("INT-58", "CRT-16")
def test_a_price_to_be_confirmed_is_never_shown_as_confirmed(anna):
    open_price = decided(situation=Situation.UNHEARD_STALE, rule=LiveRule.TO_CONFIRM, theirs=None)
    order = ordered(anna, open_price)

    page = text_of(anna.signed_in().get(f"/orders/{order.number}/"))

    assert "Received; the price is still to be confirmed." in page
    assert "Price to be confirmed." in page


@pytest.mark.req("CRT-11", "INT-58")
def test_a_price_that_the_erp_contradicts_is_not_called_confirmed(anna):
    held = decided(situation=Situation.WORSE, rule=LiveRule.HOLD, theirs="1.25")
    order = ordered(anna, held)

    page = text_of(anna.signed_in().get(f"/orders/{order.number}/"))

    assert "Our ERP named another price at" in page
    assert "A1: our page had EUR 1.0000, our ERP says EUR 1.2500; ordered at EUR 1.0000." in page
    assert "Prices confirmed" not in page


@pytest.mark.req("OBS-23")
def test_staff_see_every_decision_with_both_figures_age_and_rule(anna, otto):
    order = ordered(
        anna, decided(situation=Situation.WORSE, rule=LiveRule.LAST_KNOWN, theirs="1.25", kept="1")
    )

    page = text_of(otto.signed_in().get(f"/admin/orders/order/{order.number}/page/"))

    assert "1.2500" in page
    assert "Use our last known figure · policy 1" in page


@pytest.mark.req("CRT-11")
def test_the_checkout_shows_the_price_that_the_erp_has_just_named(anna, settings):
    settings.ERP = {**settings.ERP, "url": "http://127.0.0.1:1", "user": "portal"}
    sell("A1", "4.10")
    fill(anna, A1=5)
    browser = anna.signed_in()
    said = LivePrice(
        sku="A1",
        unit_key="piece",
        break_quantity=Decimal(5),
        unit_price=Decimal("4.25"),
        as_of=timezone.now(),
    )
    session = browser.session
    session["heard"] = {
        "token": str(cart_for(anna.scope).token),
        "prices": [said.model_dump(mode="json")],
    }
    session.save()

    page = text_of(browser.get("/checkout/"))

    assert "Prices as our ERP has just named them." in page
    assert "was 4.1000" in page
    assert "Place order, EUR 25.50" in page


@pytest.mark.req("INT-29")
def test_a_policy_is_drafted_looked_at_and_put_in_force_in_the_back_office(otto):
    User.objects.filter(pk=otto.user.pk).update(is_superuser=True)
    browser = otto.signed_in()
    start = "/admin/orders/checkoutpolicy/"

    made = browser.post(f"{start}add/", {**DEFAULTS, "credit_unheard_stale": "last_known", "note": "Move"})
    draft = CheckoutPolicy.objects.get(version=2)
    page = text_of(browser.get(made.url))
    assert draft.active_from is None
    assert "in force now: Take the order and hold it for review" in page

    browser.post(f"{start}2/activate/")
    draft.refresh_from_db()
    assert draft.active_from is not None

    browser.post(f"{start}1/restore/")
    assert CheckoutPolicy.objects.get(version=3).restores == 1


def test_who_may_only_look_changes_no_policy(otto):
    browser = otto.signed_in()

    answers = [
        browser.post("/admin/orders/checkoutpolicy/add/", {**DEFAULTS, "note": "Mine"}),
        browser.post("/admin/orders/checkoutpolicy/1/restore/"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert CheckoutPolicy.objects.count() == 1
