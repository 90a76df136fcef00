"""A person's data: all of it handed out, and gone after erasure, with documents and the log whole."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import Membership, User
from core.actor import Actor, acting
from core.errors import InvalidValue, NotAllowed, WrongState
from core.models import AuditEntry
from core.sealing import seal_all, verify
from integrations.actions.personal import erase_person, export_person
from integrations.models import SentMail
from orders.actions.approval import approve_order, stamp_of
from orders.actions.budgets import BudgetDraft, save_budget
from orders.actions.cancel import cancel_order
from orders.models import ApprovalDecision, ApprovalRequest, BudgetEntry, Order
from tests.conftest import enrol
from tests.factories.accounts import UserFactory
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe(acme):
    """Somebody with a name and address that occur nowhere else, with a session, a mail and an order that has ended."""
    zoe = enrol("Zoequinn", acme, "buyer", "administrator")
    User.objects.filter(pk=zoe.user.pk).update(phone="+43-555-0199")
    zoe.user.refresh_from_db()
    sell("A1", "2.00")
    order = order_now(zoe, A1=3)
    cancel_order(order.number, by=zoe.actor, reason="not needed")
    SentMail.objects.create(key="x", to=zoe.user.email, subject="Hello Zoequinn", text="Dear Zoequinn")
    return zoe


def places_of(word):
    """Every column of every table in which a word stands, read from the database itself."""
    found = set()
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE %s", [f"%{word}%"])  # noqa: S608
            if cursor.fetchone()[0]:
                found.add(table)
    return found


@pytest.mark.req("SEC-15")
def test_what_is_stored_of_a_person_is_handed_out_without_secrets(zoe, otto):
    told = export_person(zoe.user, by=otto.actor)

    assert (told["person"]["email"], told["person"]["phone"]) == (zoe.user.email, "+43-555-0199")
    assert [mail["text"] for mail in told["mails"]] == ["Dear Zoequinn"]
    assert [row["status"] for row in told["rows"]["orders.Order.placed_by"]] == ["cancelled"]
    assert told["rows"]["accounts.Membership.user"][0]["roles"] == ["buyer", "administrator"]
    assert [row["action"] for row in told["audit log"]] == ["order.received", "order.cancelled"]
    assert zoe.user.password not in json.dumps(told)
    assert AuditEntry.objects.filter(action="person.exported", user_id=otto.user.pk).count() == 1


@pytest.mark.req("SEC-15", "APR-11")
def test_who_decided_and_who_spent_are_erased_and_what_was_decided_and_spent_stands(acme, otto):
    zoe = enrol("Zoequinn", acme, "buyer", "approver")
    boss = enrol("Bea", acme, "administrator")
    buyer = enrol("Max", acme, "buyer", order_limit=Decimal(0))
    sell("A1", "2.00")
    save_budget(boss.scope, BudgetDraft("All", Decimal(1000), "month", "refuse"), by=boss.actor)
    waiting = order_now(buyer, A1=3)
    request = ApprovalRequest.objects.get(order=waiting)
    approve_order(waiting, by=zoe.actor, seen=stamp_of(request))
    own = order_now(zoe, A1=4)
    for order in (waiting, own):
        Order.objects.filter(pk=order.pk).update(status="closed")
    decided, spent = ApprovalDecision.objects.count(), BudgetEntry.objects.count()
    assert {"orders_approvaldecision", "orders_budgetentry"} <= places_of("zoequinn")

    erase_person(zoe.user, by=otto.actor)

    assert places_of("zoequinn") == set()
    assert (ApprovalDecision.objects.count(), BudgetEntry.objects.count()) == (decided, spent)
    for kept in (ApprovalDecision, BudgetEntry):
        for change in ({"actor_label": "Somebody else"}, {"correlation_id": "x"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                kept.objects.update(**change)


@pytest.mark.req("SEC-15")
def test_after_erasure_no_table_names_the_person_and_the_documents_stand(zoe, otto):
    browser = zoe.signed_in()
    seal_all()
    email, pk = zoe.user.email, zoe.user.pk
    assert len(places_of("zoequinn")) > 5

    erase_person(zoe.user, by=otto.actor)

    assert places_of("zoequinn") == set()
    assert places_of("555-0199") == set()
    user = User.objects.get(pk=pk)
    assert (user.name, user.is_active, user.has_usable_password()) == (f"Person {pk} (erased)", False, False)
    assert not Membership.objects.filter(user=user, is_active=True).exists()
    assert browser.get("/home/").status_code == 302
    again = Client().post("/accounts/login/", {"login": email, "password": "pass-phrase-4711"})
    assert again.status_code == 200  # the form once more
    order = user_orders(user).get()
    assert (order.status, order.net_amount, order.placed_by_id) == ("cancelled", 6, pk)
    assert order.history.count() >= 2
    assert [entry.action for entry in AuditEntry.objects.filter(user_id=pk).order_by("pk")][:1] == [
        "order.received"
    ]
    seal_all()
    assert verify().fault == ""
    assert AuditEntry.objects.filter(action="person.erased", object_key=str(pk)).count() == 1


def user_orders(user):
    return apps.get_model("orders.Order").objects.filter(placed_by=user)


@pytest.mark.req("SEC-15")
def test_a_person_in_whose_place_the_staff_acted_is_named_no_longer(zoe, otto, sam):
    by = sam.actor.acting_for("ACME").in_place_of(zoe.user.pk, zoe.user.name)
    with acting(by):
        zoe.company.__class__.objects.filter(pk=zoe.company.pk).update(needs_po_number=True)
    assert zoe.company.history.first().actor_label == "Sam for Zoequinn"

    erase_person(zoe.user, by=otto.actor)

    past = zoe.company.history.first()
    assert past.actor_label == f"Sam for Person {zoe.user.pk} (erased)"
    assert past.on_behalf_of == f"ACME · Person {zoe.user.pk} (erased)"
    assert places_of("zoequinn") == set()


@pytest.mark.req("SEC-15")
def test_who_has_open_orders_is_erased_only_when_a_colleague_takes_over(zoe, otto, clara, anna):
    order = order_now(zoe, A1=1)

    with pytest.raises(WrongState, match="1 open orders"):
        erase_person(zoe.user, by=otto.actor)
    with pytest.raises(InvalidValue, match="same company"):
        erase_person(zoe.user, by=otto.actor, to=clara.user)
    assert places_of("zoequinn")
    erase_person(zoe.user, by=otto.actor, to=anna.user)

    order.refresh_from_db()
    assert order.placed_by == anna.user
    assert [row.placed_by_id for row in order.history.all()][-1] == zoe.user.pk


def test_nobody_erases_oneself_or_somebody_twice(zoe, otto):
    with pytest.raises(InvalidValue):
        erase_person(otto.user, by=otto.actor)
    erase_person(zoe.user, by=otto.actor)

    with pytest.raises(WrongState):
        erase_person(zoe.user, by=otto.actor)


@pytest.mark.req("SEC-12")
def test_a_superuser_is_erased_by_another_one_alone(otto):
    root = UserFactory(is_staff=True, is_superuser=True)
    other = UserFactory(is_staff=True, is_superuser=True)

    with pytest.raises(NotAllowed):
        erase_person(root, by=otto.actor)
    root.refresh_from_db()
    assert root.is_superuser

    erase_person(root, by=Actor("admin", "Root", user_id=other.pk))
    root.refresh_from_db()
    assert not root.is_active


@pytest.mark.req("SEC-15")
def test_the_command_exports_and_erases_only_with_the_address_said_twice(zoe):
    out = StringIO()
    call_command("personal_data", "export", user=zoe.user.email, stdout=out)
    assert json.loads(out.getvalue())["person"]["name"] == "Zoequinn"

    with pytest.raises(CommandError, match="--confirm"):
        call_command("personal_data", "erase", user=zoe.user.email)
    call_command("personal_data", "erase", user=zoe.user.email, confirm=zoe.user.email, stdout=out)

    assert places_of("zoequinn") == set()
