"""The policy of checkout in versions: drafted, looked at, in force, rolled back."""

from decimal import Decimal

import pytest

from core.actor import Actor
from core.errors import InvalidValue, NotFound, WrongState
from core.models import Event
from orders.actions.policy import (
    PolicyDraft,
    activate_policy,
    draft_policy,
    restore_policy,
    set_cached_credit,
)
from orders.models import CheckoutPolicy
from orders.queries.live import checkout_table, policy_in_force, preview_of
from orders.rules.live import DEFAULTS
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db
BY = Actor("admin", "Otto")


def draft(note="Strict", **rules):
    return draft_policy(PolicyDraft({**DEFAULTS, **rules}, note=note), by=BY)


def test_an_installation_begins_with_the_defaults():
    assert policy_in_force().rules == DEFAULTS
    assert policy_in_force().version == 1


@pytest.mark.req("INT-29")
def test_a_draft_changes_nothing_until_it_is_in_force_and_is_rolled_back_by_a_new_version(acme):
    made = draft(price_worse="hold")
    assert checkout_table(acme).version == 1

    activate_policy(made.version, by=BY)
    assert (checkout_table(acme).version, checkout_table(acme).rules["price_worse"]) == (2, "hold")

    back = restore_policy(1, by=BY)
    assert (back.version, back.restores, checkout_table(acme).rules) == (3, 1, DEFAULTS)
    assert CheckoutPolicy.objects.get(version=2).rules["price_worse"] == "hold"
    told = Event.objects.filter(name="checkout_policy.changed").values_list("payload__version", flat=True)
    assert list(told) == [2, 3]


def test_what_was_in_force_is_not_put_in_force_again_and_a_draft_is_not_restored():
    made = draft()

    with pytest.raises(WrongState):
        activate_policy(1, by=BY)
    with pytest.raises(WrongState):
        restore_policy(made.version, by=BY)
    with pytest.raises(NotFound):
        activate_policy(9, by=BY)


@pytest.mark.parametrize(
    "rules", [{"price_worse": "take_erp"}, {"unknown": "hold"}, {"stock_better": "hold"}]
)
def test_an_impossible_table_is_refused(rules):
    with pytest.raises(InvalidValue):
        draft(**rules)

    assert CheckoutPolicy.objects.count() == 1


def test_a_draft_without_a_reason_is_refused():
    with pytest.raises(InvalidValue):
        draft(note=" ")


@pytest.mark.req("INT-29")
def test_an_account_may_have_a_bound_of_its_own(acme, other):
    set_cached_credit(acme, Decimal(500), note="Pays early", by=BY)
    assert checkout_table(acme).cached_credit == 500
    assert checkout_table(other).cached_credit is None

    set_cached_credit(acme, None, note="No more", by=BY)

    assert checkout_table(acme).cached_credit is None
    assert Event.objects.filter(name="cached_credit.changed").count() == 2


def test_a_preview_counts_the_decisions_that_would_have_been_others(anna):
    sell("A1")
    order = order_now(anna, A1=5)
    check = {
        "v": 1,
        "kind": "credit",
        "key": "ACME",
        "situation": "unheard_stale",
        "rule": "hold",
        "policy": 1,
        "at": "2026-11-28T10:42:00+00:00",
    }
    order.live_checks = [check]
    order.save(update_fields=["live_checks"])

    assert preview_of(DEFAULTS) == []
    assert preview_of({**DEFAULTS, "credit_unheard_stale": "last_known"}) == [
        ("credit_unheard_stale", "hold", "last_known", 1)
    ]
