"""The first page of finance: whose orders are all refused, and what would let them through."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.factories.accounts import CompanyFactory, CreditAccountFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("CRT-09")]


def test_finance_finds_the_customers_by_whom_no_order_goes_through_and_the_way_to_them(fiona, sam):
    zero, held, fine, closed = (
        CompanyFactory(name=name, status=status)
        for name, status in (("Zero", "active"), ("Held", "on_hold"), ("Fine", "active"), ("Gone", "closed"))
    )
    for company, limit in ((zero, 0), (held, 900), (fine, 900), (closed, 0)):
        CreditAccountFactory(company=company, limit_amount=Decimal(limit))

    desk = fiona.signed_in().get(reverse("admin:index")).content.decode()

    assert "The limit is zero, so the checkout refuses every order" in desk
    assert "It is on hold" in desk
    for company, is_there in ((zero, True), (held, True), (fine, False), (closed, False)):
        assert (reverse("admin:accounts_company_change", args=[company.pk]) in desk) is is_there, company
    assert "No order goes through" not in sam.signed_in().get(reverse("admin:index")).content.decode()


def test_where_everybody_may_order_the_page_says_what_would_stand_there(fiona):
    CreditAccountFactory(limit_amount=None)

    desk = fiona.signed_in().get(reverse("admin:index")).content.decode()

    assert "Every customer may order" in desk
