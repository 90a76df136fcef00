"""The demo company's customers and price lists are consistent in themselves and with the catalogue."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stdnum.eu import vat

from demo.catalogue.assortment import by_sku, products
from demo.company.customers import CUSTOMERS, OWN_VAT, TERMS
from demo.company.price_lists import ERP_CATEGORIES, PRICE_LISTS, breaks, price

LISTS = [*PRICE_LISTS, None]


def test_vat_numbers_carry_their_check_digits_and_are_used_once():
    numbers = [OWN_VAT, *(customer.vat for customer in CUSTOMERS if customer.vat)]

    assert all(vat.is_valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_every_customer_can_be_delivered_to_and_every_head_can_be_invoiced():
    for customer in CUSTOMERS:
        assert sum(place.is_delivery for place in customer.places) >= (1 if customer.code == "C1000" else 2)
        if customer.parent is None:
            assert sum(place.is_invoice for place in customer.places) == 1
        assert customer.email.endswith(".example")
        assert customer.terms in TERMS


def test_branches_come_after_their_parents_and_one_of_them_inherits():
    seen: set[str] = set()
    for customer in CUSTOMERS:
        assert customer.parent is None or customer.parent in seen
        seen.add(customer.code)
    graz = next(customer for customer in CUSTOMERS if customer.code == "C1002")
    assert (graz.parent, graz.price_list, graz.credit_limit) == ("C1000", None, None)


@pytest.mark.parametrize("name", PRICE_LISTS)
def test_no_ladder_rises_and_every_price_lies_between_cost_and_list(name):
    for product in products():
        steps = breaks(name, product)
        ladder = [price(name, product, quantity) for quantity in steps]

        assert steps[0] == 1, product.sku
        assert ladder == sorted(ladder, reverse=True), (product.sku, ladder)
        assert product.cost_price < ladder[-1], product.sku
        assert ladder[0] <= product.list_price, product.sku


@pytest.mark.parametrize("name", PRICE_LISTS)
def test_between_two_breaks_the_price_stands_still(name):
    for product in products():
        steps = breaks(name, product)
        for start, following in zip(steps, steps[1:], strict=False):
            assert price(name, product, following - 1) == price(name, product, start), product.sku


def test_a_price_list_names_only_what_exists():
    for lines in PRICE_LISTS.values():
        for line in lines:
            assert line.product is None or line.product in by_sku()
            assert line.category is None or line.category in ERP_CATEGORIES
            assert (line.share is None) != (line.amount is None)


def test_the_key_account_never_pays_more_than_the_dealer_nor_the_dealer_more_than_the_list():
    for product in products():
        for quantity in (1, 100, 500, 2_000, 10_000, 48_000):
            key, dealer, listed = (price(name, product, quantity) for name in ("Key account", "Dealer", None))
            assert key <= dealer <= listed, (product.sku, quantity)


def test_an_agreed_ladder_goes_by_box_carton_and_pallet():
    screw = by_sku()["4762-M8X30-88Z"]

    assert breaks("Key account", screw) == (1, 2_000, 10_000, 48_000)
    assert [price("Key account", screw, n) for n in (500, 2_000, 10_000, 48_000)] == [
        Decimal(amount) for amount in ("0.1180", "0.1090", "0.1020", "0.0960")
    ]
