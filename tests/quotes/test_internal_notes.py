"""What sales writes for itself stays with sales."""

import pytest

from quotes.actions.answers import request_change
from quotes.actions.drafts import write_note
from quotes.queries.offers import quote_for_buyer
from tests.factories.orders import sell
from tests.factories.quotes import offer

pytestmark = pytest.mark.django_db


@pytest.mark.req("QTE-08")
def test_a_buyer_reads_what_both_sides_said_and_no_note_of_the_staff(anna, sam):
    sell("BOLT", "2.00")
    quote = offer(anna, sam, BOLT=10)
    write_note(quote, text="The floor is 1.20, go down to it", by=sam.actor)
    request_change(anna.scope, quote.number, revision=quote.sent_revision, comment="Too dear", by=anna.actor)

    told = quote_for_buyer(anna.scope, quote.number)
    page = anna.signed_in().get(f"/quotes/{quote.number}/").content.decode()

    assert [message.text for message in told.messages] == ["Too dear"]
    assert "Too dear" in page
    assert "The floor is" not in page
