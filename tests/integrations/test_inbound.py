"""News that the ERP pushes: urgent before bulk, each once, the newest word last, whatever order they come in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Company, CreditAccount
from core.models import Case, Event
from integrations import intake, tasks
from integrations.actions.flows import pause_flow, resume_flow
from integrations.models import FlowSettings, InboxMessage
from integrations.states import Lane
from orders.models import Order
from orders.rules.credit import OnHold
from pricing.models import PriceRow
from tests.factories.accounts import CompanyFactory, CreditAccountFactory
from tests.factories.integrations import Sender
from tests.factories.orders import open_warehouse, order_now, sell
from tests.integrations.pushed import (
    INBOUND,
    LATER,
    SECRET,
    credit,
    figures,
    message,
    price,
    states,
    stock,
    store_bulk,
    work,
)


@pytest.fixture
def sender(client, settings):
    """The ERP's own sender of news, with a secret that is known here."""
    settings.INBOUND = INBOUND
    return Sender(client, SECRET)


@pytest.mark.req("INT-06", "INT-55")
@pytest.mark.django_db
def test_a_hold_that_was_pushed_makes_the_next_checkout_refuse(sender, anna):
    sell("BOLT", "2.00")
    CreditAccountFactory(company=anna.company)
    order_now(anna, BOLT=1)

    answer = sender.push(credit("1", limit_amount="10000", is_on_hold=True))
    tasks.tick()

    assert answer.status_code == 202
    assert CreditAccount.objects.get().is_on_hold
    with pytest.raises(OnHold):
        order_now(anna, BOLT=1)
    assert Order.objects.count() == 1


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_a_customer_can_be_held_alone_and_must_come_with_its_addresses(sender, acme):
    CompanyFactory(number="OTHER")
    data = {
        "number": "ACME",
        "name": acme.name,
        "status": "on_hold",
        "currency": "EUR",
        "payment_term_code": acme.payment_term.code,
        "erp_id": acme.erp_id,
        "as_of": LATER.isoformat(),
    }
    place = {"erp_id": "acme-1", "street": "New street 2", "is_ship_to": True, "is_bill_to": True}

    sender.push(message("customer", "1", **data))
    work()
    assert states() == [("ACME@1", "quarantined")]
    assert InboxMessage.objects.get().reason == "addresses: send the customer with all its addresses."
    sender.push(message("customer", "2", **data, addresses=[place]))
    work()

    assert states() == [("ACME@1", "old"), ("ACME@2", "applied")]
    acme.refresh_from_db()
    assert (acme.status, acme.addresses.get().street) == ("on_hold", "New street 2")
    assert Company.objects.get(number="OTHER").status == "active"


@pytest.mark.req("INT-06", "PRC-19")
@pytest.mark.django_db
def test_ten_thousand_bulk_messages_do_not_delay_an_urgent_price_or_a_hold(sender, anna, monkeypatch):
    sell("BOLT", "2.00")
    CreditAccountFactory(company=anna.company)
    store_bulk(10_000)
    sender.push(price("1", "BOLT", "1.50", urgent=True))
    sender.push(credit("1", is_on_hold=True))

    taken, take = [], intake._take

    def watched(found, doors):
        taken.append((found[0].kind, len(found)))
        return take(found, doors) if len(taken) < 3 else pytest.fail("enough")

    monkeypatch.setattr(intake, "_take", watched)

    with pytest.raises(pytest.fail.Exception, match="enough"):
        work()

    assert taken == [("price", 1), ("credit", 1), ("stock", 100)]
    assert CreditAccount.objects.get().is_on_hold
    assert PriceRow.objects.get(ended_run=None).unit_price == Decimal("1.50")
    assert InboxMessage.objects.filter(lane=Lane.BULK, state="new").count() == 10_000


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_what_is_pushed_while_bulk_is_worked_waits_for_one_slice_at_most(sender, anna, monkeypatch):
    CreditAccountFactory(company=anna.company)
    store_bulk(350)
    taken = []
    take = intake._take

    def watched(found, doors):
        taken.append((found[0].kind, len(found)))
        if len(taken) == 2:
            sender.push(credit("1", is_on_hold=True))
        return take(found, doors)

    monkeypatch.setattr(intake, "_take", watched)

    work()

    assert taken == [("stock", 100), ("stock", 100), ("credit", 1), ("stock", 100), ("stock", 50)]
    assert CreditAccount.objects.get().is_on_hold


@pytest.mark.req("INT-06")
@pytest.mark.django_db
def test_lanes_by_kind_by_size_and_by_the_word_of_the_sender(sender):
    sender.push(credit("1"))
    sender.push(stock("1", "A", 1))
    sender.push(price("1", "A", "1.00"))
    sender.push(price("2", "A", "1.00", urgent=True))
    sender.push([credit(str(n), company="B") for n in range(100)])
    sender.push([credit(str(n), company="C") for n in range(101)])

    lanes = {row.message_id: row.lane for row in InboxMessage.objects.all()}

    assert lanes["ACME@1"] == lanes["B@1"] == lanes["LIST/A/0/@2"] == Lane.URGENT
    assert lanes["LIST/A/0/@1"] == Lane.NORMAL
    assert lanes[f"A/{open_warehouse().code}@1"] == Lane.NORMAL
    assert lanes["C@1"] == Lane.BULK


@pytest.mark.req("INT-13")
@pytest.mark.django_db
def test_data_that_do_not_fit_are_quarantined_with_the_field_and_stop_nobody(sender, acme):
    sell("BOLT", "2.00")
    sell("NUT", on_hand=0)
    warehouse = open_warehouse().code
    bad = [
        stock("1", "BOLT", "many"),
        message("stock", "2", sku="B-2", warehouse_code=warehouse, on_hand="1", as_of="2026-11-20T08:00:00"),
        stock("3", "B-3", 5, as_of=timezone.now() + timedelta(hours=1)),
        stock("4", "BOLT", "1e30"),
        message("price", "1", price_list_code="LIST", sku="BOLT", unit_price=0.1, as_of=LATER.isoformat()),
        message("price", "2", price_list_code="LIST", sku="BOLT", unit_price="1.00"),
        credit("1", currency="euro"),
        message("shipment", "1"),
    ]

    sender.push([*bad, stock("9", "NUT", 7)])
    work()

    reasons = {
        (row.kind, row.version): row.reason.split(": ")[0]
        for row in InboxMessage.objects.filter(state="quarantined")
    }
    assert reasons == {
        ("stock", "1"): "on_hand",
        ("stock", "2"): "as_of",
        ("stock", "3"): "as_of",
        ("stock", "4"): "on_hand",
        ("price", "1"): "unit_price",
        ("price", "2"): "as_of",
        ("credit", "1"): "currency",
        ("shipment", "1"): "order_number",
    }
    assert Case.objects.filter(kind="quarantined", state="open").exists()
    assert figures() == {"BOLT": Decimal(1000), "NUT": Decimal(7)}


@pytest.mark.req("INT-35", "INT-36")
@pytest.mark.django_db
def test_what_was_quarantined_is_taken_when_it_comes_corrected_and_ended_when_it_is_said_anew(sender, acme):
    sell("BOLT", on_hand=1)
    sell("NUT", on_hand=1)
    sender.push([stock("4", "BOLT", "1e30"), stock("5", "NUT", "many"), stock("6", "NUT", "1e30")])
    work()
    assert Case.objects.filter(kind="quarantined", state="open").count() == 2

    sender.push([stock("4", "BOLT", 8), stock("5", "NUT", 9)])
    work()

    assert figures() == {"BOLT": Decimal(8), "NUT": Decimal(9)}
    still = InboxMessage.objects.filter(state="quarantined").values_list("version", flat=True)
    assert list(still) == [
        "6"
    ]  # newer than what was taken of the nut: somebody looks at it, or its correction comes
    sender.push([stock("7", "NUT", 10)])
    work()
    assert not Case.objects.filter(kind="quarantined", state="open").exists()
    assert not InboxMessage.objects.filter(state="quarantined").exists()
    sender.push([stock("4", "BOLT", "2e30")])
    work()
    assert figures() == {"BOLT": Decimal(8), "NUT": Decimal(10)}


@pytest.mark.req("INT-36")
@pytest.mark.django_db
def test_what_hangs_on_something_unknown_waits_for_it_alone(sender):
    sell("BOLT", "2.00")

    sender.push([stock("1", "LATE", 3), stock("1", "BOLT", 4), credit("1", company="NEW")])
    work()
    before = dict(states())
    sell("LATE", "1.00", on_hand=None)
    CreditAccount.objects.all().delete()
    CompanyFactory(number="NEW")
    InboxMessage.objects.filter(state="parked").update(next_try_at=timezone.now())
    work()

    warehouse = open_warehouse().code
    assert before == {"NEW@1": "parked", f"LATE/{warehouse}@1": "parked", f"BOLT/{warehouse}@1": "applied"}
    assert {state for _id, state in states()} == {"applied"}
    assert figures() == {"BOLT": Decimal(4), "LATE": Decimal(3)}


@pytest.mark.req("INT-36")
@pytest.mark.django_db
def test_an_older_version_is_dropped_and_counted_even_if_its_time_is_newer(sender):
    sell("BOLT", "2.00")
    warehouse = open_warehouse().code

    sender.push(stock("10", "BOLT", 10))
    work()
    sender.push([stock("9", "BOLT", 9, as_of=LATER + timedelta(minutes=1)), stock("8", "BOLT", 8)])
    work()

    assert dict(states()) == {
        f"BOLT/{warehouse}@10": "applied",
        f"BOLT/{warehouse}@8": "old",
        f"BOLT/{warehouse}@9": "old",
    }
    assert figures() == {"BOLT": Decimal(10)}


@pytest.mark.req("OPS-07")
@pytest.mark.django_db
@pytest.mark.parametrize("flow", ["erp.events", "erp.credit"])
def test_while_a_flow_is_paused_its_news_wait_and_nothing_is_lost(sender, anna, otto, flow):
    CreditAccountFactory(company=anna.company)
    pause_flow(flow, by=otto.actor, reason="The ERP is mended.")

    sender.push(credit("1", is_on_hold=True))
    work()
    waiting = states()
    resume_flow(flow, by=otto.actor)
    work()

    assert waiting == [("ACME@1", "new")]
    assert CreditAccount.objects.get().is_on_hold


@pytest.mark.req("OPS-03")
@pytest.mark.django_db
def test_news_of_a_company_for_which_the_flow_is_not_live_wait(sender, anna, clara):
    for member in (anna, clara):
        CreditAccountFactory(company=member.company)
    FlowSettings.objects.create(flow="erp.credit", version=1, is_active=True, rollout={"company": ["OTHER"]})

    sender.push([credit("1", is_on_hold=True), credit("1", company="OTHER", is_on_hold=True)])
    work()

    held = CreditAccount.objects.filter(is_on_hold=True).values_list("company__number", flat=True)
    assert list(held) == ["OTHER"]
    assert dict(states()) == {"ACME@1": "parked", "OTHER@1": "applied"}
    assert not Case.objects.exists()


@pytest.mark.req("INT-34")
@pytest.mark.django_db
def test_a_message_that_breaks_its_action_is_put_aside_and_the_rest_goes_on(sender, monkeypatch):
    sell("BOLT", "2.00")
    kind = intake.KINDS["stock"]

    def broken(records, *, by):
        raise TypeError("can't compare")

    monkeypatch.setitem(
        intake.KINDS,
        "stock",
        intake.Kind(kind.flow, kind.record, broken, kind.key, take_set=broken),
    )
    CreditAccountFactory(company=CompanyFactory(number="ACME"))
    sender.push([stock("1", "BOLT", 3), credit("1", is_on_hold=True)])

    work()

    reasons = InboxMessage.objects.filter(state="quarantined").values_list("kind", "reason")
    assert list(reasons) == [("stock", "Unexpected TypeError; the log has its place.")]
    assert CreditAccount.objects.get().is_on_hold
    assert not Event.objects.filter(subject__startswith="stock").exists()
