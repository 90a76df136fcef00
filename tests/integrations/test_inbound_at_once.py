"""Pushed news that come repeated, shuffled and on many threads, or from a broken sender, end where their order ends."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from accounts.models import CreditAccount
from core.models import Case
from integrations.actions.inbox.messages import Incoming, store_pushed
from integrations.models import InboxMessage
from integrations.repairs import repair_case
from integrations.states import InboxState
from integrations.systems import flow_actor
from pricing.models import PriceRow, PriceRun
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.integrations import Sender
from tests.factories.orders import open_warehouse, sell
from tests.integrations.pushed import INBOUND, LATER, SECRET, credit, figures, price, states, stock, work


@pytest.fixture
def goods(transactional_db):
    """Ten products that all threads see, and the signed sender's secret."""
    skus = [f"P-{n}" for n in range(10)]
    for sku in skus:
        sell(sku, "9.00")
    company = CompanyFactory(number="ACME")
    AddressFactory(company=company, erp_id="acme-1")
    CreditAccountFactory(company=company, limit_amount=None)
    return skus


def on_threads(count, task, items):
    """Do a task for each item on so many threads; every one has a connection of its own."""

    def once(item):
        try:
            return task(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(once, items))


@pytest.mark.req("INT-35", "INT-55")
@pytest.mark.django_db(transaction=True)
def test_each_message_five_times_at_once_has_one_effect(goods, settings):
    settings.INBOUND = INBOUND
    told = [price("2", goods[0], "7.00"), credit("2", limit_amount="5"), stock("2", goods[1], 7)]
    runs = PriceRun.objects.count()
    now = int(time.time())

    def push(number):
        body = told[number // 5] if number < 15 else told
        stamp = str(now - number)
        return Sender(Client(), SECRET).push(body, id=f"delivery-{number}", timestamp=stamp).json()

    answers = on_threads(5, push, range(20))
    on_threads(4, lambda _n: work(), range(4))

    assert sum(answer["accepted"] for answer in answers) == 3
    assert sum(answer["repeated"] for answer in answers) == 15 + 15 - 3
    assert sorted(InboxMessage.objects.values_list("kind", "state")) == [
        ("credit", "applied"),
        ("price", "applied"),
        ("stock", "applied"),
    ]
    assert PriceRun.objects.count() == runs + 1
    assert PriceRow.objects.get(product__sku=goods[0], ended_run=None).unit_price == 7
    assert CreditAccount.objects.get().limit_amount == 5
    assert figures()[goods[1]] == 7


@pytest.mark.req("INT-36", "INT-34", "INT-35")
@pytest.mark.django_db(transaction=True)
def test_hundreds_shuffled_and_repeated_on_four_threads_end_where_their_order_ends(goods, settings):
    settings.INBOUND = INBOUND
    shuffle = random.Random(32).shuffle
    told = [
        make(str(version), sku, version, as_of=LATER + timedelta(seconds=version))
        for version in range(1, 9)
        for sku in goods
        for make in (stock, lambda v, sku, n, as_of: price(v, sku, f"{n}.00", as_of=as_of))
    ]
    told += [
        credit(str(n), limit_amount=str(n), as_of=LATER + timedelta(seconds=n), is_on_hold=n % 2 == 1)
        for n in range(1, 41)
    ]
    messages = told * 2
    shuffle(messages)

    def push_and_work(number):
        for start in range(number * 10, len(messages), 40):
            Sender(Client(), SECRET).push(messages[start : start + 10], id=f"delivery-{start}")
            work(0.05)

    on_threads(4, push_and_work, range(4))
    work()

    assert InboxMessage.objects.count() == len(told) == 200
    assert set(InboxMessage.objects.values_list("state", flat=True)) <= {"applied", "old"}
    assert figures() == dict.fromkeys(goods, Decimal(8))
    prices = PriceRow.objects.filter(ended_run=None, price_list__code="LIST")
    assert dict(prices.values_list("product__sku", "unit_price")) == dict.fromkeys(goods, Decimal(8))
    account = CreditAccount.objects.get()
    assert (account.limit_amount, account.is_on_hold) == (40, False)
    newest = InboxMessage.objects.filter(kind="credit", version="40").get()
    assert newest.state == InboxState.APPLIED


@pytest.mark.django_db(transaction=True)
def test_a_record_that_another_worker_holds_is_left_and_the_others_are_taken(goods, settings):
    settings.INBOUND = INBOUND
    Sender(Client(), SECRET).push([stock("1", sku, 3) for sku in goods[:3]])
    warehouse = open_warehouse().code

    with transaction.atomic():
        with connection.cursor() as cursor:
            name = f"inbox:erp:stock:{goods[0]}/{warehouse}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        [done] = on_threads(1, lambda _n: work(), [0])
    left = dict(states())
    work()

    assert done == 2
    assert sorted(left.values()) == ["applied", "applied", "new"]
    assert left[f"{goods[0]}/{warehouse}@1"] == "new"
    assert {state for _id, state in states()} == {"applied"}


def push_unreadable(skus):
    rows = [Incoming(f"{sku}/LNZ", "1", stock("1", sku, "many")["data"], kind="stock") for sku in skus]
    store_pushed("erp", rows, by=flow_actor("erp.events"))


@pytest.mark.req("INT-34", "ORD-07")
@pytest.mark.django_db
def test_a_broken_sender_fills_one_case_and_not_thousands_and_all_its_messages_are_kept(settings, otto):
    settings.INBOX_MOST_CASES = 3
    push_unreadable(f"P-{n}" for n in range(20))
    work()

    shared = Case.objects.get(subject="inbox:erp:stock")
    assert Case.objects.count() == 4
    assert (shared.kind, shared.times) == ("quarantined", 17)
    assert InboxMessage.objects.filter(state="quarantined").count() == 20

    for n in range(20):
        sell(f"P-{n}", "1.00")
    for message in InboxMessage.objects.all():
        message.payload["on_hand"] = "7"
        message.save()
    repair_case(shared, "take", reason="Their unit is mended.", by=otto.actor)
    work()

    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"applied"}
    assert not Case.objects.filter(state="open").exists()


@pytest.mark.req("ORD-07")
@pytest.mark.django_db
def test_two_things_with_long_names_that_begin_alike_have_a_case_each():
    push_unreadable("A" * 75 + end for end in ("-1", "-2"))

    work()

    assert Case.objects.filter(kind="quarantined").count() == 2
