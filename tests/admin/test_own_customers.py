"""Sales meets its own customers alone, in every list, page, search, suggestion and history of the back office."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.customers import customers_of
from accounts.models import Company
from orders.models import Invoice
from portal.admin.customers import EVERY, OwnCustomers
from pricing.models import PriceList
from tests.conftest import employ
from tests.factories.accounts import CompanyFactory, lend
from tests.factories.catalog import ProductFactory
from tests.factories.orders import OrderFactory
from tests.factories.pricing import PriceListFactory, PriceRowFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-16", "SEC-12")]


def bill(company):
    amounts = dict.fromkeys(("net_amount", "tax_amount", "gross_amount", "open_amount"), 0)
    return Invoice.objects.create(
        company=company, kind="invoice", number="INV-77", erp_id="77", currency="EUR",
        status="open", issued_on=date(2026, 11, 20), version="1", as_of=timezone.now(), **amounts,
    )  # fmt: skip


@pytest.fixture
def theirs(anna, clara, sam, mona):
    """A row of somebody else's customer in each admin list, by label; and one of Acme's beside it."""
    clara.company.sales_rep = mona.user
    clara.company.save(update_fields=["sales_rep"])
    OrderFactory(company=anna.company, placed_by=anna.user)
    order = OrderFactory(company=clara.company, placed_by=clara.user)
    return {
        "accounts.Company": clara.company,
        "accounts.User": clara.user,
        "orders.Order": order,
        "orders.Invoice": bill(clara.company),
    }


def test_every_admin_class_says_where_its_customer_stands():
    for model, model_admin in admin.site._registry.items():
        assert isinstance(model_admin, OwnCustomers), model
        assert hasattr(model_admin, "customer"), model
        for inline in model_admin.inlines:
            assert hasattr(inline, "customer"), inline


def test_a_row_of_somebody_elses_customer_is_not_found_by_any_address(theirs, sam):
    browser = sam.signed_in()

    for label, row in theirs.items():
        name = label.lower().replace(".", "_")
        listed = browser.get(reverse(f"admin:{name}_changelist"))
        searched = browser.get(reverse(f"admin:{name}_changelist") + f"?q={row}")
        for answer in (listed, searched):
            assert answer.status_code == 200
            assert f"/{row.pk}/change/" not in answer.content.decode(), label
        for page in ("change", "history", "delete"):
            try:
                address = reverse(f"admin:{name}_{page}", args=[row.pk])
            except NoReverseMatch:
                continue
            assert browser.get(address).status_code in (403, 404), (label, page)
        assert browser.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 404
        unknown = browser.get(reverse(f"admin:{name}_change", args=[987654]))
        assert unknown.status_code == 404
    order = theirs["orders.Order"]
    assert browser.get(reverse("admin:orders_order_page", args=[order.number])).status_code == 404
    company = theirs["accounts.Company"]
    history = reverse("admin:accounts_company_history", args=[company.pk])
    version = f"{history}{company.history.first().history_id}/"
    assert (browser.get(history).status_code, browser.get(version).status_code) == (404, 404)
    assert browser.get("/admin/search/?s=Other").content.decode().count("Other Ltd") == 0


def test_of_every_registered_list_nothing_of_a_foreign_customer_is_left(theirs, sam, rf):
    request = rf.get("/")
    request.user = sam.user
    own = customers_of(sam.user)
    assert list(own.companies()) == [Company.objects.get(number="ACME")]

    for model, model_admin in admin.site._registry.items():
        rows = model_admin.get_queryset(request)
        if model_admin.customer == EVERY:
            assert not rows.exists(), model
            assert not model_admin.has_view_permission(request), model
        elif model._meta.label in theirs:
            assert theirs[model._meta.label] not in rows, model


def test_the_agreement_of_another_customer_is_not_shown_in_any_way(theirs, sam, mona):
    company = theirs["accounts.Company"]
    secret = PriceListFactory(code="SECRET", name="Their agreement", kind="contract", company=company)
    common = PriceListFactory(code="COMMON", name="List of all", kind="list", company=None)
    ProductFactory(sku="BOLT")

    for person, sees in ((sam, False), (mona, True)):
        page = person.signed_in().get(reverse("admin:pricing_pricelist_changelist")).content.decode()
        assert common.name in page
        assert (secret.name in page) is sees
        change = reverse("admin:pricing_pricelist_change", args=[secret.pk])
        assert person.signed_in().get(change).status_code == (200 if sees else 404)
        ask = {"company": company.number, "sku": "BOLT", "quantity": "1"}
        asked = person.signed_in().get(reverse("admin:pricing_explain"), ask)
        assert asked.status_code == (200 if sees else 422)
    assert PriceList.objects.count() == 2


def test_no_filter_of_a_list_offers_what_belongs_to_another_customer(theirs, sam, mona):
    company = theirs["accounts.Company"]
    secret = PriceListFactory(code="SECRET", name="Their agreement", kind="contract", company=company)
    common = PriceListFactory(code="COMMON", name="List of all", kind="list", company=None)
    for price_list in (secret, common):
        PriceRowFactory(price_list=price_list)
    pages = ["accounts_company", "pricing_pricerow", "quotes_quote", "catalog_assortmentassignment"]

    told = {
        name: [
            person.signed_in().get(reverse(f"admin:{name}_changelist")).content.decode()
            for person in (sam, mona)
        ]
        for name in pages
    }

    assert not [name for name, page in told.items() if "Clara" in page[0] or "Their agreement" in page[0]]
    assert all("Their agreement" in page for page in told["pricing_pricerow"][1:])
    assert all("List of all" in page for page in told["pricing_pricerow"])
    for model_admin in admin.site._registry.values():
        for entry in model_admin.list_filter:
            if isinstance(entry, str) and (field := model_admin.opts.get_field(entry)).is_relation:
                assert admin.site._registry[field.related_model].customer is None, (model_admin, entry)


def test_a_deputy_sees_the_customer_until_the_right_ends(theirs):
    company = theirs["accounts.Company"]
    dora = employ("Dora", "Sales")
    page = reverse("admin:accounts_company_change", args=[company.pk])
    assert dora.signed_in().get(page).status_code == 404

    lent = lend(dora.user, "see_orders", company, until=timezone.now() + timedelta(hours=1))
    assert dora.signed_in().get(page).status_code == 200

    lent.valid_until = timezone.now() - timedelta(seconds=1)
    lent.save()
    assert dora.signed_in().get(page).status_code == 404


def test_branches_come_with_their_parent_but_for_those_that_somebody_else_looks_after(acme, sam, mona):
    ours = CompanyFactory(number="ACME-1", parent=acme)
    below = CompanyFactory(number="ACME-1-1", parent=ours)
    hers = CompanyFactory(number="ACME-2", parent=acme, sales_rep=mona.user)
    CompanyFactory(number="ACME-2-1", parent=hers)
    CompanyFactory(number="NOBODYS")

    assert set(customers_of(sam.user).companies()) == {acme, ours, below}
    assert customers_of(mona.user).is_all


def test_one_of_the_customers_people_shows_only_the_own_customers_memberships(theirs, acme, anna, sam):
    anna.user.memberships.create(company=theirs["accounts.Company"], roles=["buyer"])

    page = sam.signed_in().get(reverse("admin:accounts_user_change", args=[anna.user.pk])).content.decode()

    assert "Acme Works" in page
    assert "Other Ltd" not in page


@pytest.mark.parametrize("who", ["mona", "otto", "fiona", "arno"])
def test_roles_that_meet_every_customer_do(theirs, who, request):
    browser = request.getfixturevalue(who).signed_in()

    page = browser.get(reverse("admin:accounts_company_changelist")).content.decode()

    assert "Acme Works" in page
    assert "Other Ltd" in page


def test_somebody_of_the_staff_without_a_role_meets_nobody(theirs):
    assert customers_of(employ("Nemo").user).companies().count() == 0


@pytest.mark.req("SEC-12")
@pytest.mark.parametrize(
    "field", ["password__startswith", "password__regex", "memberships__user__password__startswith"]
)
def test_a_list_of_people_cannot_be_narrowed_by_their_passwords(sam, anna, mona, field):
    address = reverse("admin:accounts_user_changelist")

    answers = [person.signed_in().get(address, {field: "x"}) for person in (sam, mona)]

    assert {(answer.status_code, answer.get("Location", "")) for answer in answers} == {(400, "")}
