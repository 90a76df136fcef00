"""Offers run out by themselves, where the ERP stands."""

from datetime import UTC, date, datetime

import pytest

from core.models import Event
from integrations.tasks import tick
from quotes.models import QuoteRevision
from tests.factories.orders import sell
from tests.factories.quotes import offer

pytestmark = pytest.mark.django_db


@pytest.mark.req("QTE-10")
def test_an_offer_is_closed_by_the_first_tick_after_its_last_day(anna, sam, time_machine, settings):
    settings.ERP_TIME_ZONE = "Europe/Vienna"
    sell("BOLT")
    quote = offer(anna, sam, BOLT=5)
    QuoteRevision.objects.update(valid_until=date(2027, 12, 4))

    time_machine.move_to(datetime(2027, 12, 4, 22, 59, 59, tzinfo=UTC))
    tick()
    quote.refresh_from_db()
    assert quote.status == "sent"

    time_machine.move_to(datetime(2027, 12, 4, 23, 0, 1, tzinfo=UTC))
    tick()
    tick()

    quote.refresh_from_db()
    assert quote.status == "expired"
    event = Event.objects.get(name="quote.expired")
    assert (event.source, event.channel) == ("hub", "job:quotes")
