"""Every step from every state: the server, the builder's page and the buyer's page agree."""

from datetime import date

import pytest
from django.urls import reverse

from core.actor import Actor
from core.errors import DomainError
from quotes.actions.answers import accept_quote, decline_quote, request_change
from quotes.actions.approval import approve_quote, request_approval, return_quote
from quotes.actions.drafts import revise_quote, save_draft, take_back
from quotes.actions.offers import expire_quotes, send_quote, withdraw_quote
from quotes.models import QuoteRevision
from quotes.states import QuoteStatus
from tests.factories.orders import sell
from tests.factories.quotes import approve, begin, choice, draft_of, policy, send, submit

pytestmark = pytest.mark.django_db

JOB = Actor("job:test", "Job")

STAFF = {"save", "submit", "send", "approve", "return", "revise", "back", "withdraw"}
ALLOWED = {
    "draft": {"save", "submit", "send", "withdraw"},
    "in_approval": {"approve", "return", "back", "withdraw"},
    "approved": {"send", "back", "withdraw"},
    "sent": {"accept", "decline", "change", "revise", "withdraw"},
    "change_requested": {"revise", "withdraw"},
    "expired": {"change", "revise", "withdraw"},
    "accepted": {"accept"},  # answers the order that there is
    "declined": set(),
    "withdrawn": set(),
}
STEPS = sorted(STAFF | {"accept", "decline", "change"})


@pytest.fixture
def quote_in(anna, sam, mona):
    """Makes a quote in a state, by the steps that lead there. Those the buyer ends have been sent."""

    def make(state):
        policy()
        quote = begin(anna, sam, BOLT=5)
        if state in ("in_approval", "approved"):
            submit(quote, sam)
        if state == "approved":
            approve(quote, mona)
        if state in ("sent", "change_requested", "expired", "accepted", "declined", "withdrawn"):
            send(quote, sam)
        if state == "change_requested":
            request_change(anna.scope, quote.number, revision=1, comment="x", by=anna.actor)
        if state == "expired":
            QuoteRevision.objects.filter(quote=quote).update(valid_until=date(2020, 1, 1))
            expire_quotes(date(2020, 1, 2), by=JOB)
        if state == "accepted":
            accept_quote(quote.number, 1, choice(anna), scope=anna.scope, by=anna.actor)
        if state == "declined":
            decline_quote(anna.scope, quote.number, revision=1, reason="x", by=anna.actor)
        if state == "withdrawn":
            quote.refresh_from_db()
            withdraw_quote(quote, version=quote.version, reason="x", by=sam.actor)
        quote.refresh_from_db()
        assert quote.status == state
        return quote

    sell("BOLT")
    return make


def take(step, quote, anna, sam, mona):
    seen, buyer = {"version": quote.version, "by": sam.actor}, {"revision": 1, "by": anna.actor}
    return {
        "save": lambda: save_draft(quote, draft_of(quote), by=sam.actor),
        "submit": lambda: request_approval(quote, **seen),
        "send": lambda: send_quote(quote, **seen),
        "approve": lambda: approve_quote(quote, version=quote.version, by=mona.actor),
        "return": lambda: return_quote(quote, version=quote.version, comment="x", by=mona.actor),
        "revise": lambda: revise_quote(quote, **seen),
        "back": lambda: take_back(quote, **seen),
        "withdraw": lambda: withdraw_quote(quote, reason="x", **seen),
        "accept": lambda: accept_quote(quote.number, 1, choice(anna), scope=anna.scope, by=anna.actor),
        "decline": lambda: decline_quote(anna.scope, quote.number, reason="x", **buyer),
        "change": lambda: request_change(anna.scope, quote.number, comment="x", **buyer),
    }[step]()


@pytest.mark.req("QTE-09")
@pytest.mark.parametrize("state", QuoteStatus.values)
def test_a_step_is_taken_where_it_is_allowed_and_changes_nothing_elsewhere(quote_in, anna, sam, mona, state):
    for step in STEPS:
        quote = quote_in(state)
        before = (quote.status, quote.version, quote.revision, quote.sent_revision)

        if step in ALLOWED[state]:
            take(step, quote, anna, sam, mona)
        else:
            with pytest.raises(DomainError):
                take(step, quote, anna, sam, mona)
            quote.refresh_from_db()
            assert (quote.status, quote.version, quote.revision, quote.sent_revision) == before, step


@pytest.mark.parametrize("state", QuoteStatus.values)
def test_the_pages_offer_the_steps_that_the_server_takes_and_no_other(quote_in, anna, sam, mona, state):
    quote = quote_in(state)
    addresses = {
        step: reverse(f"admin:quotes_quote_{step}", args=[quote.number])
        for step in ("save", "send", "revise", "back", "withdraw")
    }
    addresses |= {
        step: reverse(f"portal:quote-{step}", args=[quote.number]) for step in ("accept", "decline", "change")
    }
    desk = sam.signed_in().get(reverse("admin:quotes_quote_page", args=[quote.number])).content.decode()
    approval = mona.signed_in().get(reverse("admin:quotes_quote_approval", args=[quote.number]))
    buyer = anna.signed_in().get(reverse("portal:quote-detail", args=[quote.number])).content.decode()

    offered = {step for step, address in addresses.items() if f'action="{address}"' in desk + buyer}
    for step in ("submit", "send"):
        offered |= {step} if f'name="then" value="{step}"' in desk or f'value="{step}"' in desk else set()
    if approval.status_code == 200:
        offered |= {"approve", "return"}

    # Accepting again needs no button.
    assert offered == ALLOWED[state] - ({"accept"} if state == "accepted" else set())


@pytest.mark.req("QTE-10")
def test_the_look_for_what_has_run_out_changes_nothing_but_open_offers(quote_in):
    quotes = {state: quote_in(state) for state in QuoteStatus.values}
    QuoteRevision.objects.update(valid_until=date(2020, 1, 1))

    assert expire_quotes(date(2020, 1, 2), by=JOB) == 1

    for state, quote in quotes.items():
        quote.refresh_from_db()
        assert quote.status == ("expired" if state == "sent" else state)
