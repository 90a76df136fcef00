"""Pages: the list of 24 products with this company's price, signed in, beside a bare view, and while the ERP is slow."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from statistics import quantiles
from typing import Any

from django.db import connection
from django.db.models import F
from django.http import JsonResponse
from django.test import override_settings
from django.utils import timezone

from catalog.models import Product, StockLevel
from core import freshness
from pricing.models import PriceList
from tests.bench.figures import Figure, seconds
from tests.bench.furnishing import furnish
from tests.bench.slow_erp import slow_erp

PRODUCTS = 24
PAGE_ROUNDS, PAGE_REQUESTS = 5, 30
ERP_ROUNDS, ERP_REQUESTS, ERP_DELAY = 3, 60, 10
PAGES = {"list page": "/catalogue/", "product page": "/products/BENCH-000/"}


def bare_page(request: Any) -> Any:
    """What the list page is held against: session, user, one statement, 24 rows with their price."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT product.sku, product.name, row.unit_price FROM catalog_product AS product
               JOIN pricing_pricerow AS row ON row.product_id = product.id AND row.ended_run_id IS NULL
               WHERE product.pim_as_of IS NOT NULL ORDER BY product.sku LIMIT 24"""
        )
        rows = cursor.fetchall()
    return JsonResponse({"user": str(request.user), "rows": [[str(value) for value in row] for row in rows]})


BARE_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def sell_one(nth: int) -> None:
    """The stock of one product becomes another, as with every order."""
    sold = StockLevel.objects.filter(product__sku=f"BENCH-{nth % PRODUCTS:03}")
    sold.update(on_hand=F("on_hand") - 1)


def read_all(nth: int) -> None:
    """Everything that the list shows is read anew: content, prices and stock, so no row is as it was."""
    now = timezone.now()
    for kind in ("prices", "stock"):
        freshness.note(kind, now)
    Product.objects.update(name=f"Socket head cap screw {nth}")
    StockLevel.objects.update(on_hand=F("on_hand") - 1)
    PriceList.objects.update(name=f"List {nth}")


# How the list is asked for, what happens before each request, and the part of a bare view that it should reach.
LISTS: dict[str, tuple[Callable[[int], None], float]] = {
    "": (lambda _nth: None, 0.4),
    ", after a change": (sell_one, 0.1),
    ", after all was read anew": (read_all, 0.05),
}


def measure(_options: Namespace) -> Iterator[Figure]:
    """The list of 24 products with this company's price, signed in, beside a bare view, in turn."""
    buyer = furnish(PRODUCTS)
    ours, bare = buyer.signed_in(), buyer.signed_in()
    taken = dict.fromkeys(["bare", *LISTS], 0.0)
    for _round in range(PAGE_ROUNDS + 1):
        with override_settings(ROOT_URLCONF="tests.bench.urls", MIDDLEWARE=BARE_MIDDLEWARE):
            bare.handler.load_middleware()
            get(bare, "/bare/")  # each change of the addresses empties Django's table of them
            bare_seconds = seconds(lambda: [get(bare, "/bare/") for _ in range(PAGE_REQUESTS)])
        for name, (change, _goal) in LISTS.items():
            get(ours, "/catalogue/")
            our_seconds = sum(seconds_after(change, nth, ours) for nth in range(PAGE_REQUESTS))
            if _round:  # the first round warms up
                taken[name] += our_seconds
        if _round:
            taken["bare"] += bare_seconds
    requests = PAGE_ROUNDS * PAGE_REQUESTS
    for name, (_change, goal) in LISTS.items():
        yield Figure(
            f"list page, {PRODUCTS} priced products{name}",
            requests / taken[name],
            "pages/s",
            requests / taken["bare"],
            goal,
        )
    yield from measure_beside_slow_erp(ours)


def seconds_after(change: Callable[[int], None], nth: int, browser: Any) -> float:
    """How long the list takes after a change, which is not counted."""
    change(nth)
    return seconds(lambda: get(browser, "/catalogue/"))


def get(browser: Any, path: str) -> None:
    """Ask for a page that must be there."""
    answer = browser.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")


def measure_beside_slow_erp(browser: Any) -> Iterator[Figure]:
    """The slowest twentieth of the pages while calls to the ERP take 10 s, beside 0 s, in turn."""
    taken: dict[tuple[str, int], list[float]] = {}
    with slow_erp() as erp:
        for _round in range(ERP_ROUNDS):
            for delay in (0, ERP_DELAY):
                with erp.called(delay):
                    for name, path in PAGES.items():
                        get(browser, path)
                        taken.setdefault((name, delay), []).extend(
                            seconds(lambda path=path: get(browser, path)) for _ in range(ERP_REQUESTS)
                        )
    for name in PAGES:
        slow, fast = (quantiles(taken[name, delay], n=20)[-1] for delay in (ERP_DELAY, 0))
        yield Figure(
            f"{name}, p95 with the ERP at {ERP_DELAY} s beside 0 s", slow * 1000, "ms", fast * 1000, 1.1, True
        )
