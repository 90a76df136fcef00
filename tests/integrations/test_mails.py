"""Mails about events: the right people, once each, in their language, with a way on."""

import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from core import outbox
from core.models import Case
from integrations import dispatch, mails
from integrations.destinations.mail import facts_of
from integrations.models import Delivery, SentMail, System
from integrations.systems import Message
from tests.conftest import enrol
from tests.factories.integrations import happen
from tests.factories.orders import order_now, sell
from tests.integrations.test_relay import make_due, relay

pytestmark = pytest.mark.django_db

BUYER = {"name": "Anna Berg", "email": "anna@acme.example", "locale": "en"}
QUOTE = {
    "number": "Q-1",
    "revision": 2,
    "company_number": "ACME",
    "company_name": "Acme Works",
    "currency": "EUR",
    "net_amount": "1240.00",
    "tax_amount": "248.00",
    "gross_amount": "1488.00",
    "valid_until": "2026-12-02",
    "buyer": BUYER,
    "sales": {"name": "Sam", "email": "sam@nordwind.example", "locale": "en"},
    "text": "Better in boxes.",
    "lines": [
        {
            "position": 1,
            "sku": "BOLT",
            "name": "Bolt M8",
            "unit_code": "XBX",
            "unit_key": "b200",
            "quantity": "10",
            "unit_price": "124.0000",
            "net_amount": "1240.00",
        }
    ],
}

ORDER = {
    "number": "SO-1",
    "company": "ACME",
    "company_name": "Acme Works",
    "buyer": BUYER,
    "currency": "EUR",
    "net_amount": "10.00",
    "gross_amount": "12.00",
    "po_number": "",
    "origin": "cart",
    "origin_ref": "",
    "erp_number": "",
}


@pytest.fixture(autouse=True)
def only_mail(monkeypatch):
    monkeypatch.setattr(dispatch, "DESTINATIONS", {"mail": dispatch.DESTINATIONS["mail"]})
    only = {name: ("mail",) for name, places in dispatch.ROUTES.items() if "mail" in places}
    monkeypatch.setattr(dispatch, "ROUTES", only)


def test_a_sent_quote_is_told_to_its_buyer_with_lines_amount_and_last_day():
    happen("quote:Q-1", "quote.sent", **QUOTE)

    relay()

    (letter,) = mail.outbox
    html = letter.alternatives[0][0]
    assert letter.to == ["anna@acme.example"]
    assert letter.subject == "Our quote Q-1, revision 2"
    for part in ("EUR 1,240.00", "2 December 2026", "10 boxes", "BOLT", "Better in boxes.", "/quotes/Q-1/"):
        assert part in letter.body
        assert part in html


def test_a_reader_gets_amounts_and_days_as_he_writes_them():
    happen("quote:Q-1", "quote.sent", **{**QUOTE, "buyer": {**BUYER, "locale": "de"}})

    relay()

    assert "EUR 1.240,00" in mail.outbox[0].body
    assert "2. Dezember 2026" in mail.outbox[0].body


@pytest.mark.req("CRT-16")
def test_a_received_order_is_told_as_received_and_not_as_confirmed(anna):
    sell("BOLT", "2.00")
    order = order_now(anna, BOLT=100)

    relay()

    (letter,) = mail.outbox
    assert letter.to == [anna.user.email]
    assert order.number in letter.subject
    assert "received" in letter.subject
    assert f"/orders/{order.number}/" in letter.body
    assert "BOLT" in letter.body


def test_managers_are_asked_for_approval_and_nobody_else(mona, sam, otto):
    happen("quote:Q-1", "quote.approval_requested", **QUOTE, reasons=[], policy_version=1)

    relay()

    assert [letter.to for letter in mail.outbox] == [[mona.user.email]]


def test_each_approver_is_told_once():
    approvers = [{"name": "Boris", "email": "b@acme.example"}, {"name": "Berta", "email": "c@acme.example"}]
    happen("order:SO-1", "order.approval_requested", **ORDER, approvers=approvers)

    relay()
    relay()

    assert sorted(letter.to[0] for letter in mail.outbox) == ["b@acme.example", "c@acme.example"]


@pytest.mark.req("SEC-13")
def test_in_place_of_who_has_left_the_manager_is_told_or_who_manages_people(anna, boris, acme):
    boss = enrol("Boss", acme, "administrator")
    facts = {**ORDER, "buyer": {**BUYER, "email": anna.user.email}, "comment": "Too much"}
    told = {"payload": facts, "by": boris.actor, "company": "ACME"}
    anna.user.memberships.update(is_active=False, manager=boris.user)
    with transaction.atomic():
        outbox.record("order.rejected", subject="order:SO-1", **told)
    relay()
    boris.user.memberships.update(is_active=False)
    with transaction.atomic():
        outbox.record("order.rejected", subject="order:SO-2", **told)
    relay()

    assert [letter.to for letter in mail.outbox] == [[boris.user.email], [boss.user.email]]


@pytest.mark.req("INT-37")
def test_a_mail_that_left_is_not_sent_again_when_its_delivery_is():
    happen("quote:Q-1", "quote.sent", **QUOTE)
    relay()

    Delivery.objects.update(state="waiting")
    relay()

    assert len(mail.outbox) == 1
    assert SentMail.objects.get().sent_at is not None


class Failing(EmailBackend):
    """A mail server that fails as it is told, then works."""

    errors: list[Exception] = []

    def send_messages(self, messages):
        if self.errors:
            raise self.errors.pop(0)
        return super().send_messages(messages)


def test_a_mail_server_that_is_away_is_tried_again_with_the_same_message_id(settings):
    settings.EMAIL_BACKEND = "tests.integrations.test_mails.Failing"
    Failing.errors = [ConnectionRefusedError()]
    happen("quote:Q-1", "quote.sent", **QUOTE)

    relay()
    waiting = Delivery.objects.get()
    first = SentMail.objects.get()
    make_due()
    System.objects.update(down_since=None)
    relay()

    assert (waiting.state, waiting.error_class) == ("waiting", "transient")
    assert first.sent_at is None
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{first.key.partition(':')[0]}")


def test_a_mail_that_the_server_will_not_take_is_a_case(settings):
    settings.EMAIL_BACKEND = "tests.integrations.test_mails.Failing"
    Failing.errors = [smtplib.SMTPRecipientsRefused({"anna@acme.example": (550, b"no such user")})]
    happen("quote:Q-1", "quote.sent", **QUOTE)

    relay()

    case = Case.objects.get()
    assert (case.kind, case.subject) == ("mail_undelivered", "quote:Q-1")
    assert "anna" not in case.cause
    assert mail.outbox == []


@pytest.mark.parametrize("name", sorted(mails.MAILS))
def test_the_words_of_every_mail_find_their_facts(name):
    noun = name.partition(".")[0]
    subject = {"quote": "quote:Q-1", "rfq": "rfq:R-1"}.get(noun, "order:SO-1")
    words = facts_of(Message("key", name, subject, "ACME", QUOTE, 1, "c"))
    told = mails.MAILS[name]

    for text in (told.subject, told.lead, told.note):
        assert "%" not in str(text) % words
    assert not told.path or told.path.format(**words).startswith("/")


def test_every_mail_has_a_route_and_every_route_of_mail_a_mail():
    routed = {name for name, places in dispatch.ROUTES.items() if "mail" in places}
    assert routed == set(mails.MAILS)


@pytest.mark.req("ACC-07")
def test_of_a_mail_that_opens_an_account_nothing_is_kept():
    opening = {name for name, one in mails.MAILS.items() if "{pass}" in one.path or "{reset}" in one.path}

    assert opening == {name for name, one in mails.MAILS.items() if one.lets_in}
    assert "member.invited" in opening
