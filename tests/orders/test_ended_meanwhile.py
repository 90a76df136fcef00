"""Access that ends in the middle of a checkout: the order is placed wholly before, or it is refused (failure bank 21)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.actions.granting import Place
from accounts.actions.members import change_member, end_membership
from accounts.models import CreditAccount, Membership, User
from core.errors import NotAllowed
from core.models import Event
from orders.actions.approval import approve_order
from orders.actions.checkout import checkout
from orders.models import Order
from orders.queries.cart import cart_for
from tests.conftest import enrol
from tests.factories.accounts import CreditAccountFactory
from tests.factories.orders import choice_of, fill, order_now, sell
from tests.orders.test_concurrency import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.req("ACC-07", "ACC-12"),
]


class Running:
    """A call in a thread of its own, with a connection of its own."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.result: Any = None
        self._call = call
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._call()
        except Exception as error:  # noqa: BLE001 - told to the test
            self.result = error
        finally:
            connection.close()

    def waits(self) -> bool:
        """Whether it is still at it after a moment."""
        self._thread.join(1.0)
        return self._thread.is_alive()

    def done(self) -> Any:
        """What came of it."""
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.result


@pytest.fixture
def ada(acme):
    return enrol("Ada", acme, "administrator")


@pytest.fixture
def ordering(anna):
    """A checkout page that is open: the call that submits it."""
    sell("A1", "1.00")
    fill(anna, A1=5)
    cart, choice = cart_for(anna.scope), choice_of(anna)
    return lambda: checkout(cart, choice, by=anna.actor)


@pytest.fixture
def ending(anna, ada):
    place = Membership.objects.get(user=anna.user)
    return lambda: end_membership(place, by=ada.actor)


@contextmanager
def held(rows: Any) -> Iterator[None]:
    """Rows that somebody else is at."""
    with transaction.atomic():
        list(rows.select_for_update())
        yield


def test_an_end_between_the_page_and_its_submission_refuses_the_order_and_signs_out(anna, ada, ending):
    sell("A1", "1.00")
    fill(anna, A1=5)
    browser = anna.signed_in()
    form = browser.get("/checkout/")
    assert form.status_code == 200
    cart, choice = cart_for(anna.scope), choice_of(anna)

    ending()

    posted = {
        "token": str(cart.token),
        "shown": choice.shown_digest,
        "ship_to": choice.ship_to_erp_id,
        "acting_company": "ACME",
    }
    answer = browser.post("/checkout/", posted)
    assert answer.status_code in (302, 409)
    assert "_auth_user_id" not in browser.session
    assert not Order.objects.exists()
    with pytest.raises(NotAllowed):
        checkout(cart, choice, by=anna.actor)
    assert not Order.objects.exists()


def test_an_end_that_comes_while_an_order_is_being_placed_waits_until_it_is(acme, anna, ordering, ending):
    account = CreditAccountFactory(company=acme, limit_amount=Decimal(1000))

    with held(CreditAccount.objects.filter(pk=account.pk)):
        order = Running(ordering)
        assert order.waits()
        end = Running(ending)
        assert end.waits()
    placed = order.done()
    end.done()

    assert placed.placed_by == anna.user
    assert not Membership.objects.get(user=anna.user).is_active
    received = Event.objects.get(name="order.received").pk
    assert received < Event.objects.get(name="member.ended").pk


def test_an_order_that_comes_while_access_is_being_ended_waits_and_is_refused(anna, ordering, ending):
    with transaction.atomic():
        ending()
        order = Running(ordering)
        assert order.waits()

    assert isinstance(order.done(), NotAllowed)
    assert not Order.objects.exists()


def test_the_same_holds_for_a_person_who_is_switched_off(anna, ordering):
    with transaction.atomic():
        User.objects.filter(pk=anna.user.pk).update(is_active=False)
        order = Running(ordering)
        assert order.waits()

    assert isinstance(order.done(), NotAllowed)
    assert not Order.objects.exists()


def test_and_for_a_role_that_no_longer_lets_one_order(anna, ada, ordering):
    place = Membership.objects.get(user=anna.user)
    with transaction.atomic():
        change_member(place, Place(roles=("viewer",)), version=place.version, by=ada.actor)
        order = Running(ordering)
        assert order.waits()

    assert isinstance(order.done(), NotAllowed)
    assert not Order.objects.exists()


def test_an_approver_whose_access_is_being_ended_decides_nothing(anna, boris, ada):
    Membership.objects.filter(user=anna.user).update(order_limit=Decimal(0))
    sell("A1")
    order = order_now(anna, A1=5)
    place = Membership.objects.get(user=boris.user)
    with transaction.atomic():
        end_membership(place, by=ada.actor)
        decision = Running(lambda: approve_order(order, by=boris.actor))
        assert decision.waits()

    assert isinstance(decision.done(), NotAllowed)
    order.refresh_from_db()
    assert order.status == "pending_approval"


def test_two_orders_of_one_person_do_not_wait_for_each_others_access(anna):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR SHARE", [anna.user.pk])
            cursor.execute("SELECT 1 FROM accounts_membership WHERE user_id = %s FOR SHARE", [anna.user.pk])
        sell("A1", "1.00")
        fill(anna, A1=5)

        checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor)

    assert Order.objects.count() == 1


@pytest.mark.parametrize("_nth", range(3))
def test_of_an_order_and_an_end_at_the_same_moment_one_comes_wholly_before_the_other(
    anna, ordering, ending, _nth
):
    placed, ended = at_once([ordering, ending])

    assert not isinstance(ended, Exception)
    assert not Membership.objects.get(user=anna.user).is_active
    if isinstance(placed, Exception):
        assert isinstance(placed, NotAllowed)
        assert not Order.objects.exists()
        assert not Event.objects.filter(name="order.received").exists()
    else:
        assert Order.objects.get() == placed
        assert Event.objects.get(name="order.received").pk < Event.objects.get(name="member.ended").pk
