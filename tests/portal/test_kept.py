"""What is kept between requests is never wrong: a change shows at once, to everybody, in every process."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company
from accounts.queries.members import memberships_of
from catalog.actions.allocation import Want, allocate_stock
from catalog.actions.stock import apply_stock
from catalog.models import Category, Product, ProductUnit, Warehouse
from catalog.records import StockRecord
from core import freshness
from core.actor import Actor
from pricing.actions.lists import apply_assignments
from pricing.actions.policy import PolicyDraft, add_policy
from pricing.actions.prices import apply_prices
from pricing.models import PriceList, PriceRow, PriceRun
from pricing.records import AssignmentRecord, PriceRecord
from tests.conftest import enrol
from tests.factories.catalog import (
    CategoryFactory,
    MediaFactory,
    ProductFactory,
    ProductUnitFactory,
    StockLevelFactory,
    WarehouseFactory,
)
from tests.factories.pricing import PriceListFactory, PriceRowFactory
from tests.platform.test_worker import database_url

ERP = Actor(channel="flow:erp.test", label="ERP", system="erp")
JOB = Actor(channel="job:test", label="test")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIST = "/catalogue/"

# Read anew with every request, or never shown by a list or a frame.
READ_EACH_TIME = {"django_session", "usersessions_usersession", "core_generation"}
CHANGED_BY_RELEASES_ALONE = {"auth_permission"}


@pytest.fixture
def screw(acme):
    """A screw in a box of 200, with a list price for all and an agreement of Acme's, in stock in Ulm."""
    product = ProductFactory(
        sku="4762-M8", name="Cap screw", units={"box": 200}, category=CategoryFactory(slug="screws")
    )
    for_all = PriceListFactory(code="list", name="List 2026", kind="list")
    agreed = PriceListFactory(code="fa", name="Agreement", kind="contract", company=acme)
    PriceRowFactory(price_list=for_all, product=product, unit_price=Decimal("0.1610"))
    PriceRowFactory(price_list=agreed, product=product, unit_price=Decimal("0.1180"))
    StockLevelFactory(product=product, warehouse=WarehouseFactory(code="ULM", name="Ulm"), on_hand=1234)
    return product


def shown(browser, address=LIST):
    """The words of a page."""
    answer = browser.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def price_run(product, price):
    """Acme's agreement says another price."""
    record = PriceRecord(
        price_list_code="fa", sku=product.sku, min_quantity=Decimal(0), unit_price=Decimal(price)
    )
    apply_prices([record], by=ERP, flow="erp.prices", as_of=NOON)


def end_prices(code):
    """The prices of a list end."""
    PriceRow.objects.filter(price_list__code=code).update(ended_run=PriceRun.objects.latest("pk"))


def stock_run(product, on_hand):
    """The ERP tells another stock."""
    record = StockRecord(sku=product.sku, warehouse_code="ULM", on_hand=Decimal(on_hand), as_of=NOON)
    apply_stock([record], by=ERP)


def assign_elsewhere(_product):
    """Acme's agreement is given to another company."""
    records = [
        AssignmentRecord(price_list_code="fa", company_number="OTHER"),
        AssignmentRecord(price_list_code="list"),
    ]
    apply_assignments(records, by=ERP, is_full=True)


def reserve(product):
    """Somebody orders 234 pieces."""
    want = Want("order:SO-1/1", product.pk, Warehouse.objects.get().pk, Decimal(234))
    allocate_stock([want], by=JOB)


def new_policy(product):
    """The list price goes before agreements."""
    add_policy(PolicyDraft(("list", "contract"), Decimal(5), timezone.now()), by=JOB)


CHANGES = {
    "a price run": (lambda p: price_run(p, "0.1170"), "EUR 0.1180", "EUR 0.1170"),
    "a price that ends": (lambda p: end_prices("fa"), "EUR 0.1180", "EUR 0.1610"),
    "an assignment": (assign_elsewhere, "EUR 0.1180", "EUR 0.1610"),
    "a policy": (new_policy, "EUR 0.1180", "EUR 0.1610"),
    "stock": (lambda p: stock_run(p, 77), "1,234 pc", "77 pc"),
    "an order of somebody": (reserve, "1,234 pc", "1,000 pc"),
    "a warehouse": (lambda p: Warehouse.objects.update(name="Neu-Ulm"), "in Ulm", "in Neu-Ulm"),
    "a name": (lambda p: Product.objects.update(name="Hex screw"), "Cap screw", "Hex screw"),
    "a status": (lambda p: Product.objects.update(status="retired"), "Cap screw", "Nothing is offered"),
    "a unit": (lambda p: ProductUnit.objects.filter(key="box").update(numerator=50), "of 200", "of 50"),
    "a new unit": (lambda p: ProductUnitFactory(product=p, key="carton", code="XCT"), "of 200", "carton"),
    "a picture": (lambda p: MediaFactory(product=p, reference="m/x.svg"), "Cap screw", "m/x.svg"),
    "a category": (lambda p: Category.objects.update(name="Fasteners"), "Category ", "Fasteners"),
    "a company": (lambda p: Company.objects.filter(number="ACME").update(name="Acme AG"), "Works", "Acme AG"),
}


@pytest.mark.req("PERF-03", "PRC-17")
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_shows_with_the_next_request(anna, other, screw, what):
    change, before, after = CHANGES[what]
    browser = anna.signed_in()
    first, again = shown(browser), shown(browser)

    change(screw)

    assert before in first
    assert before in again
    assert after not in again
    assert after in shown(browser)


@pytest.mark.req("PERF-03", "PRC-17")
def test_a_right_that_is_taken_away_takes_the_prices_away_at_once(anna, screw):
    browser = anna.signed_in()
    before = shown(browser)

    memberships_of(anna.user.pk).update(roles=["guest"])
    without = shown(browser)
    memberships_of(anna.user.pk).update(roles=["buyer"])

    assert "EUR 0.1180" in before
    assert "0.1180" not in without
    assert "Not shown to your role" in without
    assert "EUR 0.1180" in shown(browser)


@pytest.mark.req("PERF-03")
def test_a_membership_that_ends_ends_the_view(anna, screw):
    browser = anna.signed_in()
    assert "Cap screw" in shown(browser)

    memberships_of(anna.user.pk).update(is_active=False)

    answer = browser.get(LIST)
    assert (answer.status_code, answer.content) == (302, b"")


@pytest.mark.req("PERF-03", "PRC-17")
def test_companies_and_colleagues_never_see_what_was_made_for_another(anna, acme, clara, screw):
    guest = enrol("Gerd", acme, "guest")
    browsers = {member.user.name: member.signed_in() for member in (anna, clara, guest)}

    for _again in range(2):
        pages = {name: shown(browser) for name, browser in browsers.items()}

        assert "EUR 0.1180" in pages["Anna"]
        assert "0.1180" not in pages["Clara"]
        assert "EUR 0.1610" in pages["Clara"]
        assert "0.1" not in re.sub(r"<svg.*?</svg>", "", pages["Gerd"]).split('id="results"')[1]
        for name, page in pages.items():
            assert f"Account of {name}" in page
            assert not [other for other in pages if other != name and f"Account of {other}" in page]


@pytest.mark.req("PERF-03")
def test_a_language_and_a_time_zone_have_pages_of_their_own(anna, screw):
    freshness.note("stock", NOON)
    browser, user = anna.signed_in(), anna.user

    vienna = shown(browser)
    type(user).objects.filter(pk=user.pk).update(time_zone="Asia/Tokyo")
    tokyo = shown(browser)
    german = " ".join(browser.get(LIST, headers={"Accept-Language": "de"}).content.decode().split())

    assert vienna != tokyo
    assert 'lang="de"' in german
    assert 'lang="en"' in shown(browser)


@pytest.mark.req("PERF-03")
def test_a_kept_page_carries_the_token_of_its_own_request(anna, acme, screw):
    ben = enrol("Ben", acme, "buyer")
    browsers = []
    for member in (anna, ben):
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = member.signed_in().cookies
        browsers.append(browser)

    for browser in browsers:
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', shown(browser)).group(1)
        tokens = set(re.findall(r'csrfmiddlewaretoken" value="([^"]+)"', browser.get(LIST).content.decode()))
        added = browser.post(
            reverse("portal:cart-line-add"),
            {
                "sku": screw.sku,
                "quantity": "1",
                "unit": "piece",
                "csrfmiddlewaretoken": token,
                "acting_company": "ACME",
            },  # fmt: skip
        )

        assert added.status_code == 302
        assert all(len(each) == 64 for each in tokens)
        assert 'id="cart-count" aria-live="polite">1<' in shown(browser)


@pytest.mark.req("INV-11", "INT-05")
def test_ages_stay_true_while_nothing_else_changes(anna, screw, monkeypatch, time_machine):
    monkeypatch.setattr(freshness, "_limits", {"stock": timedelta(minutes=30)})
    screw.stock.update(as_of=NOON)
    time_machine.move_to(NOON + timedelta(minutes=5), tick=False)
    browser = anna.signed_in()

    fresh = shown(browser)
    time_machine.move_to(NOON + timedelta(minutes=30), tick=False)
    at_the_limit = shown(browser)
    time_machine.move_to(NOON + timedelta(minutes=30, seconds=1), tick=False)
    stale = shown(browser)
    time_machine.move_to(NOON + timedelta(minutes=31), tick=False)
    later = shown(browser)

    assert "ac-stale" not in fresh
    assert "ac-stale" not in at_the_limit
    assert "30 min old" in stale
    assert "31 min old" in later


@pytest.mark.req("PRC-02")
def test_a_policy_and_a_day_come_into_force_by_themselves(anna, screw, time_machine):
    time_machine.move_to(NOON, tick=False)
    add_policy(PolicyDraft(("list", "contract"), Decimal(5), NOON + timedelta(hours=1)), by=JOB)
    browser = anna.signed_in()

    before = shown(browser)
    time_machine.move_to(NOON + timedelta(hours=1), tick=False)
    in_force = shown(browser)
    end_prices("list")
    PriceRowFactory(
        price_list=PriceList.objects.get(code="list"),
        product=screw,
        unit_price=Decimal("0.1620"),
        valid_until=NOON.date() + timedelta(days=1),
    )
    last_day = shown(browser)
    time_machine.move_to(NOON + timedelta(days=1), tick=False)
    day_after = shown(browser)

    assert "EUR 0.1180" in before
    assert "EUR 0.1610" in in_force
    assert "EUR 0.1620" in last_day
    assert "EUR 0.1180" in day_after


@pytest.mark.req("PERF-03")
def test_what_was_rolled_back_is_not_shown(anna, screw):
    browser = anna.signed_in()
    shown(browser)

    with transaction.atomic():
        price_run(screw, "0.1170")
        inside = shown(browser)
        transaction.set_rollback(True)

    assert "EUR 0.1170" in inside
    assert "EUR 0.1180" in shown(browser)


@pytest.mark.req("PERF-03")
def test_every_table_that_a_list_or_a_frame_is_made_of_is_watched(anna, boris, screw):
    memberships_of(anna.user.pk).update(roles=["buyer", "approver"])
    browser = anna.signed_in()
    addresses = [LIST, "/categories/screws/", f"{LIST}?sort=name&thread=M8", "/search/?q=screw"]

    with CaptureQueriesContext(connection) as captured:
        for address in addresses:
            assert browser.get(address).status_code in (200, 404), address
    read = {
        table
        for query in captured
        for table in re.findall(r'(?:FROM|JOIN)\s+"?([a-z]+_[a-z_]+)"?', query["sql"])
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_generation'")
        watched = {table for (table,) in cursor.fetchall()}

    assert {"pricing_pricerow", "catalog_stocklevel", "accounts_membership"} <= read
    assert read - READ_EACH_TIME - CHANGED_BY_RELEASES_ALONE <= watched


@pytest.mark.req("PERF-03", "PRC-17")
@pytest.mark.django_db(transaction=True)
def test_a_change_in_one_process_shows_at_once_in_another(anna, other, screw):
    here = anna.signed_in()
    there = subprocess.Popen(
        [sys.executable, "-m", "tests.portal.another_process", here.cookies["sessionid"].value],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "LOG_LEVEL": "CRITICAL",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def both():
        there.stdin.write(f"{LIST}\n")
        there.stdin.flush()
        status, page = json.loads(there.stdout.readline())
        assert status == 200
        return shown(here), " ".join(page.split())

    try:
        for change, words in [
            (lambda: None, "EUR 0.1180"),
            (lambda: None, "EUR 0.1180"),
            (lambda: price_run(screw, "0.1170"), "EUR 0.1170"),
            (lambda: stock_run(screw, 77), "77 pc"),
            (lambda: Product.objects.update(name="Hex screw"), "Hex screw"),
            (lambda: assign_elsewhere(screw), "EUR 0.1610"),
            (lambda: memberships_of(anna.user.pk).update(roles=["guest"]), "Not shown to your role"),
        ]:
            change()
            assert all(words in page for page in both())
    finally:
        there.stdin.close()
        there.wait(timeout=20)
