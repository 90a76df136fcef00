"""Who is told what about requests and quotes, with a link to the page where it goes on."""

import re
import time

import pytest
from django.core import mail
from django.urls import resolve

from accounts.models import User
from core.models import Event
from integrations import delivery
from quotes.actions.answers import request_change
from quotes.actions.offers import withdraw_quote
from tests.factories.orders import sell
from tests.factories.quotes import approve, ask, begin, offer, send, submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _rep(anna, sam):
    anna.company.sales_rep = sam.user
    anna.company.save(update_fields=["sales_rep"])


def told():
    """The mails since the last look: receivers, and the name of the page each leads to."""
    mail.outbox.clear()
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)
    found = []
    for letter in mail.outbox:
        links = re.findall(r"https?://[^/\s]+(/\S+)", letter.body)
        found.append((letter.to[0], resolve(links[0]).view_name))
    return sorted(found)


@pytest.mark.req("QTE-16")
def test_each_step_tells_the_person_whose_turn_it_is(anna, sam, mona):
    sell("BOLT")

    ask(anna, BOLT=5)
    assert told() == [(sam.user.email, "admin:quotes_rfq_page")]

    quote = begin(anna, sam, BOLT=5)
    told()
    submit(quote, sam)
    assert told() == [(mona.user.email, "admin:quotes_quote_approval")]

    approve(quote, mona)
    assert told() == [(sam.user.email, "admin:quotes_quote_page")]

    send(quote, sam)
    assert told() == [(anna.user.email, "portal:quote-detail")]

    request_change(anna.scope, quote.number, revision=1, comment="Cheaper.", by=anna.actor)
    assert told() == [(sam.user.email, "admin:quotes_quote_page")]


def test_a_buyer_hears_of_a_withdrawal_only_if_there_was_an_offer(anna, sam):
    sell("BOLT")
    unsent, sent = begin(anna, sam, BOLT=5), offer(anna, sam, BOLT=5)
    told()

    withdraw_quote(unsent, version=unsent.version, reason="Mistake.", by=sam.actor)
    assert told() == []
    withdraw_quote(sent, version=sent.version, reason="Mill stopped.", by=sam.actor)

    assert told() == [(anna.user.email, "portal:quote-detail")]
    assert "Mill stopped." in mail.outbox[0].body


@pytest.mark.req("QTE-16", "ACC-07")
def test_words_and_names_that_are_told_on_carry_no_address_to_others(anna, sam):
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    told()
    User.objects.filter(pk=anna.user.pk).update(name="Anna evil.zz/pay")
    text = "Too dear. See https://evil.zz/pay?x=1 and evil.com/pay."

    request_change(anna.scope, quote.number, revision=1, comment=text, by=anna.actor)
    told()

    letter = mail.outbox[-1]
    html = letter.alternatives[0][0]
    assert letter.to == [sam.user.email]
    for shown in (letter.subject, letter.body, html):
        assert "evil" not in shown
    assert "Too dear. See [\u2026] and [\u2026]" in letter.body
    event = Event.objects.get(name="quote.change_requested")
    assert text in str(event.payload)
