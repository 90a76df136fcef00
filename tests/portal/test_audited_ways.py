"""The history names who and by which way for the API, the back office and jobs, as the pages do it."""

from datetime import UTC, datetime

import pytest

from core.days import erp_today
from integrations.systems import job_actor
from orders.models import Order
from quotes.actions.offers import expire_quotes
from tests.admin.test_stale_forms import opened
from tests.api.test_orders import body, post
from tests.factories.catalog import WarehouseFactory
from tests.factories.orders import sell
from tests.factories.quotes import offer, working

pytestmark = pytest.mark.django_db


def told(row):
    past = row.history.first()
    return past.channel, past.actor_label, past.history_user_id


@pytest.mark.req("SEC-08")
def test_the_api_is_named(anna):
    sell("A1", "2.00")
    line = {"sku": "A1", "unit": "piece", "quantity": "2"}

    answer = post(anna.signed_in(), body(line=line))

    order = Order.objects.get(number=answer.json()["number"])
    assert told(order) == ("api", "Anna", anna.user.pk)
    assert order.history.first().on_behalf_of == "ACME"
    assert order.history.first().correlation_id == answer["X-Correlation-Id"]


@pytest.mark.req("SEC-08")
def test_the_back_office_is_named(otto):
    row = WarehouseFactory(code="LNZ")
    page = f"/admin/catalog/warehouse/{row.pk}/change/"
    browser = otto.signed_in()

    browser.post(page, {**opened(browser, page), "position": "7"})

    assert told(row) == ("admin", "Otto", otto.user.pk)


@pytest.mark.req("SEC-08")
def test_a_job_is_named(anna, sam, time_machine):
    sell("BOLT", "1.00")
    quote = offer(anna, sam, BOLT=10)
    last_day = working(quote).valid_until
    time_machine.move_to(datetime(last_day.year, last_day.month, last_day.day, 12, tzinfo=UTC))
    time_machine.shift(86400)

    assert expire_quotes(erp_today(), by=job_actor("quotes")) == 1

    assert told(quote) == ("job:quotes", "Accord", None)
