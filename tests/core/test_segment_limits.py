"""How old figures may be, by segment of companies: judged, ordered and explained by it (ACC-15)."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.actions.segments import limit_age, put_in_segment
from accounts.models import Segment, SegmentLimit, User
from accounts.segments import ages_judged_for
from catalog.availability import availability
from catalog.models import Product, StockLevel, Warehouse
from core import freshness
from core.actor import Actor
from core.errors import InvalidValue
from core.models import Freshness
from portal.usecases.effective import effective
from tests.factories.accounts import CompanyFactory
from tests.factories.orders import order_now, sell
from tests.orders.test_ended_meanwhile import Running
from tests.portal.pages import seen_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-15")]
BY = Actor("admin", "Otto")


@pytest.fixture(autouse=True)
def forgotten():
    """Limits are the database's: no test leaves some in this process."""
    yield
    freshness._promises.clear()


@pytest.fixture
def strategic():
    return Segment.objects.create(kind="strategic", code="key", name="Key accounts")


def told_before(minutes):
    """Stock that was told so long ago, where an old figure promises nothing."""
    sell("A1")
    Warehouse.objects.update(when_stale="confirm")
    StockLevel.objects.update(as_of=timezone.now() - timedelta(minutes=minutes))
    return Product.objects.get(sku="A1")


def is_stale(product, company):
    with ages_judged_for(lambda: [company.pk, company.parent_id or 0]):
        (row,) = availability([product.pk])[product.pk]
    return row.is_stale


def test_a_figure_is_too_old_for_the_segment_and_fresh_for_everybody_else(strategic):
    key, other = CompanyFactory(), CompanyFactory()
    put_in_segment(strategic, key, by=BY)
    limit_age(strategic, "stock", timedelta(minutes=5), by=BY)
    product = told_before(minutes=7)

    assert is_stale(product, key)
    assert is_stale(product, CompanyFactory(parent=key))
    assert not is_stale(product, other)
    limit_age(strategic, "stock", None, by=BY)
    assert not is_stale(product, key)
    assert not SegmentLimit.objects.exists()


def test_of_several_segments_the_strictest_counts_and_a_longer_limit_may_be_given(strategic):
    south = Segment.objects.create(kind="region", code="south", name="South")
    company = CompanyFactory()
    for segment in (strategic, south):
        put_in_segment(segment, company, by=BY)
    limit_age(south, "stock", timedelta(hours=3), by=BY)
    product = told_before(minutes=120)
    assert not is_stale(product, company)

    limit_age(strategic, "stock", timedelta(hours=1), by=BY)
    assert is_stale(product, company)


def test_pages_and_checkout_judge_by_it(anna, clara, strategic):
    put_in_segment(strategic, anna.company, by=BY)
    limit_age(strategic, "stock", timedelta(minutes=5), by=BY)
    told_before(minutes=7)

    pages = [who.signed_in().get("/catalogue/").content.decode() for who in (anna, clara)]
    first, second = order_now(anna, A1=1), order_now(clara, A1=1)

    assert [order.lines.get().allocated for order in (first, second)] == [0, 1]
    marks = [page.count("ac-stale") for page in pages]
    assert marks[0] > marks[1]


def test_the_back_office_sets_it_and_says_what_counts_for_a_customer(strategic):
    company = CompanyFactory()
    put_in_segment(strategic, company, by=BY)
    browser = Client()
    root = User.objects.create_superuser("root@accord.example", "pw", name="Root")
    browser.force_login(root, "allauth.account.auth_backends.AuthenticationBackend")
    page = f"/admin/accounts/segment/{strategic.pk}/change/"
    opened = browser.get(page)
    form = {**opened.context["adminform"].form.initial, "seen_version": seen_in(opened)}
    posted = {
        "name": "Key accounts",
        "limits-TOTAL_FORMS": "1",
        "limits-INITIAL_FORMS": "0",
        "limits-0-segment": strategic.pk,
        "limits-0-kind": "stock",
        "limits-0-minutes": "5",
        "members-TOTAL_FORMS": "0",
        "members-INITIAL_FORMS": "0",
    }

    answer = browser.post(page, {**form, **posted})

    assert answer.status_code == 302, answer.context["errors"]
    assert SegmentLimit.objects.get().limit_seconds == 300
    (row,) = [item for item in effective(company) if item.kind == "age"]
    assert (row.value, row.origin) == ("at most 5 min; everybody else 15 min", strategic.key)
    assert "at most 5 min" in browser.get(f"/admin/accounts/company/{company.pk}/change/").content.decode()


@pytest.mark.parametrize(("kind", "limit"), [("weather", timedelta(minutes=5)), ("stock", timedelta(0))])
def test_what_cannot_be_limited_is_refused(strategic, kind, limit):
    with pytest.raises(InvalidValue):
        limit_age(strategic, kind, limit, by=BY)

    assert not SegmentLimit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_segments_that_get_a_limit_at_once_both_have_it(strategic):
    south = Segment.objects.create(kind="region", code="south", name="South")

    with transaction.atomic():
        limit_age(strategic, "stock", timedelta(minutes=5), by=BY)
        other = Running(lambda: limit_age(south, "stock", timedelta(hours=3), by=BY))
        assert other.waits()

    assert other.done() is None
    assert Freshness.objects.get(kind="stock").segment_limits == {strategic.key: 300, south.key: 10800}
