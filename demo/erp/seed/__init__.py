"""The master data of a new ERP database: company and books, catalogue, customers and prices, stock, users."""

from __future__ import annotations

from demo.erp.seed import books, catalogue, customers, users


def seed(config) -> None:
    """Fill an empty database; runs once, on the template."""
    company = books.company(config)
    accounts = books.accounts(company)
    terms = books.payment_terms()
    books.sales_settings()
    products = catalogue.products(accounts)
    price_lists = catalogue.price_lists(products)
    customers.parties(terms, price_lists)
    catalogue.stock(products)
    users.portal_user(company)
