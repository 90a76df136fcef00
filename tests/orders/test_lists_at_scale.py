"""Lists of whoever sees many companies: the same statements whatever the size, by index, and page by page to the end."""

import json
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.listing import COUNTED, Counted, Place, Stretch, counts
from accounts.people import unit_rows
from accounts.queries.scopes import scope_for
from accounts.seats import seats_of
from orders.models import Order
from orders.queries.invoices import balance_of, due_invoices, invoice_stretch, invoices_for
from orders.queries.invoices import tab_counts as invoice_counts
from orders.queries.orders import approval_stretch, order_stretch, orders_for, tab_counts
from orders.queries.overview import open_orders
from quotes.queries.offers import quote_counts, quote_stretch, quotes_for
from tests.bench.crowd import Crowd, furnish_crowd

pytestmark = pytest.mark.django_db

READS = {
    "orders": lambda scope: (order_stretch(scope), tab_counts(scope)),
    "found orders": lambda scope: order_stretch(scope, text="4500"),
    "invoices": lambda scope: (invoice_stretch(scope), invoice_counts(scope)),
    "quotes": lambda scope: (quote_stretch(scope), quote_counts(scope)),
    "approvals": approval_stretch,
    "open items": lambda scope: (balance_of(scope), due_invoices(scope, limit=5)),
    "open orders": open_orders,
    "tree": unit_rows,
    "seats": lambda scope: seats_of(scope.company_id, scope.user_id),
    "scope": lambda scope: scope_for(scope.user_id, scope.company_id),
}


STATEMENTS = {
    "orders": 3,
    "found orders": 1,
    "invoices": 4,
    "quotes": 3,
    "approvals": 5,
    "open items": 5,
    "open orders": 6,
    "tree": 1,
    "seats": 4,
    "scope": 5,
}
NO_PAGE = Stretch([])


def head_of(crowd):
    return scope_for(crowd.person(1, 0).pk, crowd.company(1).pk)


def statements_of(scope):
    found = {}
    for name, read in READS.items():
        with CaptureQueriesContext(connection) as captured:
            read(scope)
        found[name] = len(captured)
    return found


FEW = Crowd(companies=3, wide=2, people=24, documents=600)
MANY = Crowd(companies=300, wide=299, people=1800, documents=30_000)


@pytest.fixture
def wide(db):
    """A headquarters with 299 branches, and 30,000 documents."""
    return furnish_crowd(MANY)


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize("crowd", [FEW, MANY], ids=["3 companies", "300 companies"])
def test_scope_and_lists_take_as_many_statements_for_three_companies_as_for_three_hundred(crowd):
    head = head_of(furnish_crowd(crowd))

    assert statements_of(head) == STATEMENTS


@pytest.mark.req("ACC-09")
def test_a_headquarters_reads_its_lists_by_index_and_few_rows_of_them():
    head = head_of(furnish_crowd(replace(MANY, documents=150_000)))
    place = Place(behind="SO-B9000")

    for read in (order_stretch, invoice_stretch, quote_stretch, lambda scope: order_stretch(scope, place)):
        with CaptureQueriesContext(connection) as captured:
            read(head)
        scans = [scan for query in captured for scan in scans_of(query["sql"])]

        assert not [scan for scan in scans if scan["Node Type"] == "Seq Scan"]
        # One or two entries of each company, a page of each of a page of companies, and the page with what belongs to it.
        assert (
            sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in scans) < 300 * 2 + 2 * 26 * 26 + 26 * 8
        )


DOCUMENTS = {"orders_order", "orders_invoice", "quotes_quote"}


def scans_of(statement):
    """The scans of documents in the plan of a statement, as it went."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        found = cursor.fetchone()[0]
    ahead = [(json.loads(found) if isinstance(found, str) else found)[0]["Plan"]]
    while ahead:
        plan = ahead.pop()
        ahead += plan.get("Plans", [])
        if plan.get("Relation Name") in DOCUMENTS:
            yield plan


@pytest.mark.req("ACC-09")
def test_pages_go_through_the_whole_list_and_back(wide):
    head, buyer = head_of(wide), scope_for(wide.person(7, 3).pk, wide.company(7).pk)

    for scope in (head, buyer):
        for turn, seen, order in (
            (order_stretch, orders_for(scope), ("-id",)),
            (invoice_stretch, invoices_for(scope), ("-issued_on", "-id")),
            (quote_stretch, quotes_for(scope), ("-id",)),
        ):
            wanted = list(seen.order_by(*order).values_list("number", flat=True)[:400])
            there, page = [], turn(scope, size=90)
            while len(there) < 360 and page.rows:
                there += [row.number for row in page.rows]
                last, page = page, turn(scope, Place(behind=page.older), size=90) if page.older else NO_PAGE
            back = turn(scope, Place(before=last.rows[0].number), size=90)

            assert there == wanted[: len(there)]
            assert len(there) >= min(360, len(wanted))
            assert [row.number for row in back.rows] == there[: len(there) - len(last.rows)][-90:]


@pytest.mark.req("ACC-09")
def test_a_branch_finds_its_invoices_among_those_billed_to_its_headquarters(wide):
    branch = scope_for(wide.person(10, 0).pk, wide.company(10).pk)
    seen = set(invoices_for(branch).values_list("number", flat=True))
    page = invoice_stretch(branch, size=COUNTED)

    assert {row.number for row in page.rows} == seen
    assert {row.company.number for row in page.rows} == {wide.company(1).number}
    ordered = {order.company_id for row in page.rows for order in row.orders.all()}
    assert ordered == {wide.company(10).pk}
    assert invoice_counts(branch)["all"] == Counted(len(seen))


def test_a_place_that_is_not_to_be_seen_is_the_start_of_the_list(wide):
    buyer = scope_for(wide.person(7, 4).pk, wide.company(7).pk)
    foreign = Order.objects.filter(company=wide.company(8)).first()

    start = order_stretch(buyer)

    assert order_stretch(buyer, Place(behind=foreign.number)) == start
    assert order_stretch(buyer, Place(behind="SO-NONE")) == start


def test_a_count_ends_where_nobody_reads_on():
    furnish_crowd(FEW)
    orders = Order.objects.all()

    found = counts({"all": orders, "none": orders.none(), "closed": orders.filter(status="closed")}, most=100)

    assert found == {"all": Counted(100, True), "none": Counted(0), "closed": Counted(100, True)}
    assert counts({"all": orders}) == {"all": Counted(300)}
