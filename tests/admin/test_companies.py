"""Customers in the back office: the tree, what counts for one and from where, and the segments."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Company, Segment, SegmentMember, User
from portal.usecases.effective import effective
from pricing.models import PriceListAssignment
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory, PaymentTermFactory
from tests.factories.approvals import asks, rule_of
from tests.factories.assortments import assortment, give
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import PriceListFactory
from tests.portal.pages import seen_in

pytestmark = pytest.mark.django_db

TREE = "/admin/accounts/company/tree/"


@pytest.fixture
def root(db) -> Client:
    user = User.objects.create_superuser("root@accord.example", "pw", name="Root")
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def line():
    """Group, company, branch, department: each the parent of the next."""
    made, parent = [], None
    for number in ("G", "G-1", "G-1-1", "G-1-1-1"):
        parent = CompanyFactory(number=number, name=f"Unit {number}", parent=parent, payment_term=None)
        made.append(parent)
    return made


@pytest.mark.req("ACC-08")
def test_every_value_says_where_it_comes_from(line):
    group, company, branch, department = line
    for where, code in ((group, "net14"), (company, "net60")):
        where.payment_term = PaymentTermFactory(code=code, name=code)
        where.save()
    CreditAccountFactory(company=group, limit_amount=Decimal(5000))
    AddressFactory(company=branch, city="Graz", country="AT")
    PriceListFactory(name="Agreed", company=company)
    PriceListFactory(name="For all")
    give(assortment("A", ProductFactory()), company)

    found = [(item.kind, item.value, item.origin) for item in effective(department)]

    assert found == [
        ("terms", "net60", "G-1"),
        ("credit", "EUR 5,000.00", "G"),
        ("bill_to", "Main gate, Werkstrasse 1, Graz", "G-1-1"),
        ("prices", "Agreed", "G-1"),
        ("prices", "For all", ""),
        ("assortment", "Range A", "G-1"),
        ("segment", "Country: AT", "G-1-1"),
    ]
    assert all(item.is_inherited for item in effective(department))
    assert [item.origin for item in effective(group)][:2] == ["G", "G"]


@pytest.mark.req("ACC-08")
def test_what_a_company_gets_of_its_own_takes_the_place_of_the_inherited(line):
    group, _company, branch, department = line
    CreditAccountFactory(company=group, limit_amount=Decimal(5000))
    CreditAccountFactory(company=branch, limit_amount=Decimal(0))

    found = {item.kind: item for item in effective(department)}

    assert (found["credit"].value, found["credit"].origin) == ("EUR 0.00", "G-1-1")
    assert found["credit"].origin_name == "Unit G-1-1"


@pytest.mark.req("ACC-08")
def test_the_page_of_a_customer_shows_what_counts_and_from_where(root, line):
    CreditAccountFactory(company=line[0], limit_amount=Decimal(5000))

    page = root.get(reverse("admin:accounts_company_change", args=[line[3].pk])).content.decode()

    row = page[page.index("Credit limit") :]
    assert row.index("EUR 5,000.00") < row.index("Unit G") < row.index("</tr>")


@pytest.mark.req("ACC-01")
def test_the_tree_opens_at_a_company_and_finds_one_by_its_name(root, line):
    CompanyFactory(number="X", name="Elsewhere")

    roots = root.get(TREE).content.decode()
    opened = root.get(TREE, {"at": "G-1-1"}).content.decode()
    found = root.get(TREE, {"q": "unit g-1-1-1"}).content.decode()

    assert "Unit G" in roots
    assert "Elsewhere" in roots
    assert "Unit G-1" not in roots
    assert opened.index("Unit G-1<") < opened.index("Unit G-1-1<") < opened.index("Unit G-1-1-1<")
    assert "Elsewhere" not in opened
    assert 'class="ac-deep-3"' in found
    assert "Elsewhere" not in found


@pytest.mark.req("ACC-01")
def test_the_tree_costs_the_same_for_five_companies_and_for_five_thousand(root):
    def cost(**query):
        with CaptureQueriesContext(connection) as queries:
            assert root.get(TREE, query).status_code == 200
        return len(queries)

    def plant(count, prefix):
        top = CompanyFactory(number=prefix, name=f"Group {prefix}")
        above = [top]
        while count > 0:
            rows = [
                Company(
                    number=f"{prefix}-{count}-{n}", name=f"Unit {count}-{n}", currency="EUR", parent=parent
                )
                for n, parent in enumerate(above * 6)
            ][:count]
            above = Company.objects.bulk_create(rows)
            count -= len(rows)
        return rows[-1]

    small, large = plant(5, "S"), plant(5000, "L")

    cost()
    assert cost(at=small.number) == cost(at=large.number)
    assert cost(at="S") == cost(at="L")
    assert cost(q="Group S") == cost(q="Unit")
    assert Company.objects.count() > 5000


@pytest.mark.req("ACC-01")
def test_many_branches_of_one_company_are_shown_page_by_page(root):
    group = CompanyFactory(number="G", name="Group")
    Company.objects.bulk_create(
        Company(number=f"G-{n:03}", name=f"Branch {n:03}", currency="EUR", parent=group) for n in range(120)
    )

    first, last = (root.get(TREE, {"at": "G", "page": page}).content.decode() for page in (1, 3))

    assert (first.count(">Branch "), last.count(">Branch ")) == (50, 20)
    assert "?at=G&amp;page=2" in first
    assert ">Group<" in last


@pytest.mark.req("ACC-01")
def test_the_tree_is_for_the_staff_alone(anna):
    assert anna.signed_in().get(TREE, follow=True).status_code == 403


@pytest.mark.req("ACC-15")
def test_the_back_office_makes_a_segment_and_puts_companies_in_and_out(root, line):
    form = {
        "kind": "region",
        "code": "south",
        "name": "South",
        "limits-TOTAL_FORMS": "0",
        "limits-INITIAL_FORMS": "0",
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "0",
        "members-0-company": str(line[0].pk),
    }
    root.post("/admin/accounts/segment/add/", form)
    segment = Segment.objects.get()
    member = SegmentMember.objects.get()
    assert (segment.key, member.company) == ("region:south", line[0])
    assert member.history.get().actor_label == "Root"

    out = {
        "name": "The South",
        "limits-TOTAL_FORMS": "0",
        "limits-INITIAL_FORMS": "0",
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "1",
        "members-0-id": str(member.pk),
        "members-0-segment": str(segment.pk),
        "members-0-DELETE": "on",
    }
    page = f"/admin/accounts/segment/{segment.pk}/change/"
    root.post(page, {**out, "seen_version": seen_in(root.get(page))})
    segment.refresh_from_db()
    assert (segment.name, segment.key) == ("The South", "region:south")
    assert not SegmentMember.objects.exists()


@pytest.mark.req("ACC-15")
def test_a_list_of_a_segment_names_it_in_the_back_office(root):
    PriceListAssignment.objects.create(price_list=PriceListFactory(company=False), segment="country:AT")

    assert "Country: AT" in root.get("/admin/pricing/pricelistassignment/").content.decode()


@pytest.mark.req("ACC-04")
def test_any_number_of_the_customer_or_its_addresses_finds_it_and_the_page_shows_them(root):
    acme, other = CompanyFactory(number="ACME-1"), CompanyFactory(number="OTHER-1")
    AddressFactory(company=acme, is_bill_to=True, ship_to_code="S-77", bill_to_code="B-78")
    AddressFactory(company=other)

    for number in ("ACME-1", "S-77", "B-78"):
        page = root.get("/admin/accounts/company/", {"q": number})
        assert [company.number for company in page.context["cl"].result_list] == ["ACME-1"], number

    page = root.get(f"/admin/accounts/company/{acme.pk}/change/").content.decode()
    assert "S-77" in page
    assert "B-78" in page


@pytest.mark.req("ACC-09")
def test_a_list_counts_no_further_than_anybody_turns_pages_and_says_so(root, monkeypatch):
    Company.objects.bulk_create(Company(number=f"K-{n}", name=f"K {n}", currency="EUR") for n in range(130))
    monkeypatch.setattr("portal.admin.counted.COUNTED", 120)

    with CaptureQueriesContext(connection) as queries:
        page = root.get("/admin/accounts/company/")

    counting = [
        row["sql"] for row in queries if "count(*)" in row["sql"].lower() and "accounts_company" in row["sql"]
    ]
    assert counting
    assert [sql for sql in counting if "LIMIT 121" not in sql] == []
    assert page.context["cl"].paginator.num_pages == 3
    assert "more than 120" in " ".join(page.content.decode().split())
    found = root.get("/admin/accounts/company/", {"q": "K-129"})
    assert [company.number for company in found.context["cl"].result_list] == ["K-129"]


@pytest.mark.req("ACC-08", "APR-10")
def test_the_approval_rules_that_count_stand_among_the_rest_with_their_company(line):
    rule_of(line[0], asks(), name="Group rule")
    rule_of(line[1], asks(), name="Only here", applies_below=False)

    def rules(company):
        return [(item.value, item.origin) for item in effective(company) if item.kind == "rule"]

    assert rules(line[3]) == [("Group rule", "G")]
    assert rules(line[1]) == [("Only here", "G-1"), ("Group rule", "G")]


@pytest.mark.req("SEC-12")
def test_a_customer_s_person_shows_nothing_of_the_back_office_and_one_of_the_staff_no_memberships(
    root, anna, sam
):
    buyer, seller = (
        root.get(f"/admin/accounts/user/{one.user.pk}/change/").content.decode() for one in (anna, sam)
    )

    assert "Back office until" not in buyer
    assert "no limit" in buyer
    assert "Back office until" in seller
    assert "Memberships" not in seller
