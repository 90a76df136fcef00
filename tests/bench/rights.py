"""Rights at scale: the lists of people with different rights, beside the same SQL without the rights' conditions.

5,000 companies in five levels, 50,000 people and `--rows` documents (see tests.bench.crowd). Both sides of a figure read a
page of the same size and count the same tabs up to the same number, in turn; they differ in whose rows they may answer.
A page that begins deep in a list and a search are measured like the first page. Whole pages are told beside those of
somebody of one company with few documents, over the same views: what rights add to a page is then all that differs.
"""

import gc
from argparse import Namespace
from collections.abc import Callable, Iterator
from statistics import quantiles
from typing import Any

from django.db import connection

from accounts.listing import OfCompanies, Place, counts, stretch
from accounts.people import members_for
from accounts.queries.scopes import scope_for
from accounts.scope import Scope
from core.days import erp_today
from orders.models import Invoice, Order
from orders.queries.invoices import invoice_stretch, tabs
from orders.queries.invoices import tab_counts as invoice_counts
from orders.queries.orders import TABS, approval_count, approval_stretch, order_stretch, tab_counts
from quotes.models import Quote
from quotes.queries.offers import quote_counts, quote_stretch
from tests.bench.crowd import Crowd, furnish_crowd, join_many
from tests.bench.figures import Figure, seconds
from tests.conftest import Member

ROUNDS = 20
PAGE_ROUNDS = 10
MANY = 200
Read = Callable[[], object]


def measure(options: Namespace) -> Iterator[Figure]:
    """The lists of each kind of person; then whole pages, and the scope itself."""
    crowd = furnish_crowd(Crowd(documents=options.rows))
    gc.collect()
    gc.freeze()  # as the served process does, see portal/wsgi.py
    many = crowd.person(1, 7)
    join_many(crowd, many, MANY)
    family = crowd.families
    people = {
        "one's own": _scope(crowd, family + 50, 3),
        "a unit": _scope(crowd, family + 150, 0),
        "a group of 100": _scope(crowd, family, 0),
        f"one of {MANY} companies": scope_for(many.pk, crowd.company(1).pk),
        "a chain that ordered long ago": _scope(crowd, crowd.chain, 0),
        f"{crowd.wide} branches": _scope(crowd, 1, 0),
    }
    deep = Place(behind=f"SO-B{crowd.orders // 10}")
    for name, scope in people.items():
        yield from _beside(f"orders, {name}", lambda scope=scope: _orders(scope), _all_orders)
    head, unit = people[f"{crowd.wide} branches"], people["a unit"]
    yield from _beside(
        f"orders from the depth, {crowd.wide} branches",
        lambda: order_stretch(head, deep),
        lambda: stretch(OfCompanies[Order](None), _every_order(), deep, size=25),
    )
    yield from _beside(
        f"orders found by PO number, {crowd.wide} branches",
        lambda: order_stretch(head, text="4500"),
        lambda: list(Order.objects.filter(po_number__istartswith="PO 4500").order_by("-id")[:26]),
    )
    for name, scope in (("a unit", unit), (f"{crowd.wide} branches", head)):
        yield from _beside(f"invoices, {name}", lambda scope=scope: _invoices(scope), _all_invoices)
        yield from _beside(f"quotes, {name}", lambda scope=scope: _quotes(scope), _all_quotes)
    yield from _beside(
        f"approvals, {crowd.wide} branches",
        lambda: (approval_stretch(head), approval_count(head, most=99)),
        lambda: list(Order.objects.filter(TABS["waiting"]).order_by("placed_at", "id")[:51]),
    )
    yield from _beside(
        f"people, {crowd.wide} branches",
        lambda: list(members_for(head)[:50]),
        lambda: list(members_for(unit)[:50]),
    )
    yield from _scopes(crowd, many.pk)
    yield from _pages(crowd)


def _scope(crowd: Crowd, company: int, nth: int) -> Scope:
    return scope_for(crowd.person(company, nth).pk, crowd.company(company).pk)


def _beside(name: str, ours: Read, bare: Read) -> Iterator[Figure]:
    """Both in turn; the middle and the slowest twentieth of each."""
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    for nth in range(ROUNDS + 1):
        for side, read in (("ours", ours), ("bare", bare)):
            spent = seconds(read) * 1000
            if nth:  # the first round warms up
                taken[side].append(spent)
    yield from _told(name, taken["ours"], taken["bare"], _goal(name, Crowd.wide))


def _told(name: str, ours: list[float], bare: list[float], goal: float) -> Iterator[Figure]:
    for word, at in (("p50", 9), ("p95", 18)):
        yield Figure(
            f"{name}, {word}",
            quantiles(ours, n=20)[at],
            "ms",
            quantiles(bare, n=20)[at],
            goal,
            is_at_most=True,
        )


# What rights may cost. Of one company nothing but noise. A headquarters asks a thousand companies for their next
# document where the bare statement reads the end of one index; an approver's inbox asks who else may decide.
ONE, GROUP = 2.0, 4.0
GOALS = {"orders": 8.0, "orders from the depth": 8.0, "orders found by PO number": 3.0, "invoices": 2.0}
GOALS |= {"quotes": 8.0, "approvals": 20.0, "people": 12.0, "scope": ONE, "page of orders": 3.0}
GOALS |= {"page of invoices": 5.0, "start page": 4.0}


def _goal(name: str, branches: int) -> float:
    what, _comma, who = name.partition(", ")
    if f"{branches} branches" in who:
        return GOALS[what]
    return GROUP if "group" in who else ONE


def _orders(scope: Scope) -> object:
    return order_stretch(scope), tab_counts(scope)


def _every_order() -> Any:
    return Order.objects.select_related("company", "placed_by", "entered_by", "decided_by")


def _all_orders() -> object:
    page = stretch(OfCompanies[Order](None), _every_order(), size=25)
    return page, counts({name: Order.objects.filter(tab) for name, tab in TABS.items()})


def _invoices(scope: Scope) -> object:
    return invoice_stretch(scope), invoice_counts(scope)


def _all_invoices() -> object:
    rows = Invoice.objects.select_related("company", "credits").prefetch_related("orders")
    # By the key: no index of all companies' invoices goes by their day, and no list needs one.
    page = stretch(OfCompanies[Invoice](None), rows, size=25)
    return page, counts({name: Invoice.objects.filter(tab) for name, tab in tabs(erp_today()).items()})


def _quotes(scope: Scope) -> object:
    return quote_stretch(scope), quote_counts(scope)


def _all_quotes() -> object:
    rows = Quote.objects.filter(sent_revision__gt=0).select_related("company", "owner", "rfq")
    page = stretch(OfCompanies[Quote](None), rows, size=25)
    return page, counts({"all": rows, "open": rows.filter(status="sent")})


def _scopes(crowd: Crowd, many: int) -> Iterator[Figure]:
    """The scope of those who see much beside that of a buyer of one company without any parent."""
    lone = crowd.families
    person = crowd.person(lone, 5).pk
    for name, company, user in (
        (f"{crowd.wide} branches", 1, crowd.person(1, 0).pk),
        ("at the end of five levels", lone + 99, crowd.person(lone + 99, 5).pk),
        (f"one of {MANY} companies", 1, many),
    ):
        yield from _beside(
            f"scope, {name}",
            lambda company=company, user=user: scope_for(user, crowd.first_company + company),
            lambda: scope_for(person, crowd.first_company + lone),
        )


def _pages(crowd: Crowd) -> Iterator[Figure]:
    """Whole pages with their frame, everything read anew, of the headquarters beside a unit of five levels."""
    head, unit = (
        Member(user, crowd.company(company), Scope(), None)  # type: ignore[arg-type]
        for company, user in (
            (1, crowd.person(1, 0)),
            (crowd.families + 99, crowd.person(crowd.families + 99, 0)),
        )
    )
    browsers = {"ours": head.signed_in(), "bare": unit.signed_in()}
    for name, path in (
        ("page of orders", "/orders/"),
        ("page of invoices", "/invoices/"),
        ("start page", "/home/"),
    ):
        taken: dict[str, list[float]] = {"ours": [], "bare": []}
        for nth in range(PAGE_ROUNDS + 1):
            for side, browser in browsers.items():
                _rename()
                spent = seconds(lambda browser=browser, path=path: _get(browser, path)) * 1000
                if nth:
                    taken[side].append(spent)
        yield from _told(
            f"{name}, {crowd.wide} branches beside a unit", taken["ours"], taken["bare"], GOALS[name]
        )


def _rename() -> None:
    """Let nothing kept be good any more, as with every order that somebody places."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_generation SET value = gen_random_uuid()")


def _get(browser: Any, path: str) -> None:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
