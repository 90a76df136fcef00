"""Two customers that are one: found by rules, merged by the steward, with nothing lost (ACC-13)."""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.duplicates import FORMS, all_duplicates, plain_address, plain_name, plain_tax_id
from accounts.models import Company, Licence, LicenceKind, Membership
from accounts.queries.scopes import scope_for
from core.errors import InvalidValue, NotAllowed
from core.models import Case
from integrations.actions.identifiers import keep_identifiers
from integrations.actions.merging import all_open_pairs, merge_companies, part_companies, report_duplicates
from integrations.identifiers import all_customers_named, all_key_now, all_resolved
from integrations.repairs import repair_case, repairs_for
from integrations.systems import job_actor
from orders.actions.cart import CartItem, add_line
from orders.actions.invoices import apply_invoice
from orders.models import Order
from orders.queries.cart import cart_for
from orders.queries.invoices import invoices_for
from quotes.models import Quote, Rfq
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, MembershipFactory
from tests.factories.erp_facts import invoice
from tests.factories.orders import order_now, sell
from tests.factories.quotes import offer
from tests.portal.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-13")]


ALIKE = [
    ("Müller & Söhne GmbH", "MULLER SOHNE"),
    ("Acme Ltd.", "acme Limited"),
    ("Böhm AG", "Bohm Aktiengesellschaft"),
    ("Alpina Stahlbau GmbH", "Alpina Stahlbau Gesellschaft mbH"),
    ("Alpina Stahlbau GmbH", "Alpina Stahlbau Gesellschaft m.b.H."),
    ("Alpina Stahlbau GmbH", "Alpina Stahlbau Gesellschaft mit beschränkter Haftung"),
    ("Alpina Stahlbau Ges.m.b.H.", "Alpina Stahlbau G.m.b.H."),
    ("Rossi S.r.l.", "Rossi srl"),
    ("Visser B.V.", "Visser"),
    ("Huber K.G.", "Huber Kommanditgesellschaft"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_are_compared_without_accents_signs_and_legal_form(one, other):
    assert plain_name(one) == plain_name(other)


def test_tax_ids_and_places_are_compared_without_how_they_are_written():
    assert plain_tax_id("atu 123.456-78") == "ATU12345678"
    assert plain_address("Hafenstraße 9", "4020", "at") == plain_address("Hafenstr. 9", " 4020", "AT")
    assert plain_address("Hafenstraße 9", "4020", "AT") != plain_address("Hafenstraße 91", "4020", "AT")
    assert plain_address("", "4020", "AT") == ""


def asked(function, *values):
    """What the database says of some texts."""
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce({function}({marks}), '')", values)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("name", sorted({name for pair in ALIKE for name in pair}))
def test_the_database_compares_names_as_the_rule_does(name):
    assert asked("accord_plain_name", name) == plain_name(name)


@given(st.text("aàâäbcçdeéfghilmnostuüøßÆ gmbhkGKAŁ.,-&'12 ", max_size=40), st.sampled_from(sorted(FORMS)))
@settings(max_examples=120)
def test_the_database_compares_whatever_is_typed_as_the_rules_do(text, form):
    for typed in (text, f"{text} {form}", f"{form.upper()}. {text}"):
        assert asked("accord_plain_name", typed) == plain_name(typed)
        assert asked("accord_plain_tax_id", typed) == plain_tax_id(typed)
        for street in (typed, f"Werkstraße {typed}", f"Lange Str. {typed}"):
            assert asked("accord_plain_place", street, " 4020", "at") == plain_address(street, " 4020", "at")


def test_finding_pairs_costs_the_same_for_any_number_of_customers(django_assert_num_queries):
    group = CompanyFactory(number="G", tax_id="ATU1")
    for number in range(30):
        CompanyFactory(number=f"G-{number:02}", tax_id="ATU1", parent=group)
    for number in "AB":
        CompanyFactory(number=number, tax_id="ATU2")
    CompanyFactory(number="C", tax_id="ATU2")

    with django_assert_num_queries(2):
        found = all_open_pairs()

    assert [(pair.one, pair.other) for pair in found] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert [(pair.one, pair.other) for pair in all_open_pairs(limit=2)] == [("A", "B"), ("A", "C")]
    assert [(pair.one, pair.other) for pair in all_open_pairs(among={"C", "B"})] == [("B", "C")]


def pairs():
    return [(pair.one, pair.other, pair.rules) for pair in all_duplicates()]


def test_the_same_tax_id_is_a_pair_however_it_is_written():
    CompanyFactory(number="A", tax_id="ATU12345678")
    CompanyFactory(number="B", tax_id="ATU 1234 5678")
    CompanyFactory(number="C", tax_id="")
    CompanyFactory(number="D", tax_id="")

    assert pairs() == [("A", "B", ("tax_id",))]


def test_name_and_address_together_are_a_pair_and_neither_alone():
    one, other = CompanyFactory(number="A", name="Acme GmbH"), CompanyFactory(number="B", name="ACME")
    CompanyFactory(number="C", name="Acme")
    for company in (one, other, CompanyFactory(number="N", name="Neighbour")):
        AddressFactory(company=company)

    assert pairs() == [("A", "B", ("name", "address"))]


def test_a_branch_that_shares_the_tax_id_of_its_group_is_no_pair():
    group = CompanyFactory(number="G", tax_id="ATU1")
    for number in ("G-1", "G-2"):
        CompanyFactory(number=number, tax_id="ATU1", parent=group)

    assert pairs() == []


def test_a_pair_is_one_case_however_often_it_is_found():
    CompanyFactory(number="A", tax_id="ATU1")
    CompanyFactory(number="B", tax_id="ATU1")

    for _time in range(2):
        report_duplicates(by=job_actor("test"))

    case = Case.objects.get(kind="duplicate_customer")
    assert (case.subject, case.times) == ("pair:A/B", 2)
    assert "the same VAT number" in case.cause


def test_the_word_for_company_alone_is_part_of_a_name():
    assert plain_name("Gesellschaft der Freunde") != plain_name("Freunde")


@pytest.mark.req("ACC-17")
def test_two_that_the_steward_has_parted_are_not_reported_again(mona, sam):
    CompanyFactory(number="A", tax_id="ATU1")
    CompanyFactory(number="B", tax_id="ATU1")
    with pytest.raises(NotAllowed):
        part_companies("A", "B", reason="Two", by=sam.actor)

    part_companies("B", "A", reason="Two shops of one owner", by=mona.actor)
    report_duplicates(by=job_actor("test"))

    case = Case.objects.get(kind="duplicate_customer")
    assert (case.state, case.closed_reason) == ("ignored", "Two shops of one owner")


@pytest.mark.req("ACC-17")
def test_the_steward_sees_the_pairs_side_by_side_and_merges_or_parts_them(mona, sam, client):
    for number in ("A-1", "B-1", "C-1"):
        CompanyFactory(number=number, tax_id="ATU1", name=f"Alpina {number}")
    client.force_login(sam.user)
    assert client.get("/admin/accounts/company/duplicates/").status_code == 403
    client.force_login(mona.user)
    page = client.get("/admin/accounts/company/duplicates/").content.decode()
    assert all(word in page for word in ("Alpina A-1", "Alpina C-1", "the same VAT number"))

    said = {"one": "A-1", "other": "B-1", "reason": "One customer"}
    told = client.post("/admin/accounts/company/duplicates/", {**said, "do": "keep_one"}, follow=True)
    assert "B-1 is A-1 now" in told.content.decode()
    refused = client.post("/admin/accounts/company/duplicates/", {**said, "do": "part"})
    said = {"one": "A-1", "other": "C-1", "reason": "Two"}
    client.post("/admin/accounts/company/duplicates/", {**said, "do": "part"})

    assert Company.objects.get(number="B-1").merged_into.number == "A-1"
    assert refused.status_code == 404
    assert "No pair" in client.get("/admin/accounts/company/duplicates/").content.decode()
    assert "Merged into A-1" in client.get("/admin/accounts/company/", {"q": "B-1"}).content.decode()
    tree = client.get("/admin/accounts/company/tree/").content.decode()
    assert ("Alpina A-1" in tree, "Alpina B-1" in tree) == (True, False)


@pytest.mark.req("ACC-17")
def test_beside_each_of_a_pair_stands_what_would_move(mona, anna):
    double = CompanyFactory(number="ACME-2", name="Acme", tax_id="ATU1")
    Company.objects.filter(pk=anna.company.pk).update(tax_id="ATU1")
    sell("S-1", "1.00")
    order_now(anna, **{"S-1": 3})
    client = mona.signed_in()
    client.get("/admin/accounts/company/duplicates/")

    page = " ".join(text_of(client.get("/admin/accounts/company/duplicates/")).split())

    assert "People 1 0" in page
    assert "Orders 1 0" in page
    assert double.number in page


@pytest.fixture
def double(anna, mona, sam):
    """Acme twice: as ACME with orders, a quote and a cart, and as ACME-2, to which both its people may belong."""
    for sku in ("S-1", "S-2", "S-3"):
        sell(sku, "1.00")
    keep_identifiers("erp", "customer", [("11", "ACME"), ("22", "ACME-2")])
    order_now(anna, **{"S-1": 3})
    offer(anna, sam, **{"S-2": 5})
    branch = CompanyFactory(number="ACME-9", parent=anna.company)
    add_line(anna.scope, CartItem("S-3", Decimal(2), "piece"), by=anna.actor)
    new = CompanyFactory(number="ACME-2", name="Acme")
    both = enrol("Both", anna.company, "buyer")
    MembershipFactory(user=both.user, company=new, roles=["approver"])
    return anna, new, both, branch


def test_documents_people_and_the_tree_move_and_the_old_ids_still_resolve(double, mona):
    anna, new, _both, branch = double

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert {order.company for order in Order.objects.all()} == {new}
    assert {order.bill_to_company for order in Order.objects.all()} == {new}
    assert (
        {quote.company for quote in Quote.objects.all()}
        == {rfq.company for rfq in Rfq.objects.all()}
        == {new}
    )
    scope = scope_for(anna.user.pk, new.pk)
    assert cart_for(scope).lines.get().product.sku == "S-3"
    branch.refresh_from_db()
    assert branch.parent == new
    assert all_resolved("erp", "customer", "11") == "ACME-2"
    assert all_resolved("erp", "customer", "22") == "ACME-2"
    assert all_key_now("erp", "customer", "ACME") == "ACME-2"


def test_nobody_acts_for_the_old_one_any_more_and_who_was_in_both_keeps_the_place_in_the_other(double, mona):
    anna, new, both, _branch = double

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert not Membership.objects.filter(company=anna.company, is_active=True).exists()
    assert scope_for(anna.user.pk, anna.company.pk).is_empty
    kept = Membership.objects.get(user=both.user, company=new)
    assert (kept.roles, kept.is_active) == (["approver"], True)


@pytest.mark.req("SEC-08")
def test_the_history_says_who_merged_and_what_moved(double, mona):
    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    change = Company.objects.get(number="ACME").history.first()
    assert (change.merged_into.number, change.actor_label) == ("ACME-2", mona.actor.label)
    moved = Order.objects.get().history.first()
    assert (moved.company.number, moved.actor_label) == ("ACME-2", mona.actor.label)


def test_the_case_of_the_pair_is_settled_by_the_merge(double, mona):
    Company.objects.filter(number__in=["ACME", "ACME-2"]).update(tax_id="ATU1")
    report_duplicates(by=job_actor("test"))

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert Case.objects.get(kind="duplicate_customer").state == "closed"
    assert pairs() == []


@pytest.mark.req("ACC-17")
def test_only_the_steward_merges(double, anna, otto, sam):
    for by in (anna.actor, sam.actor, otto.actor, job_actor("test")):
        with pytest.raises(NotAllowed):
            merge_companies("ACME", "ACME-2", reason="One customer", by=by)

    assert Company.objects.get(number="ACME").merged_into is None
    assert Order.objects.get().company.number == "ACME"


def test_what_cannot_be_merged_stays_as_it_is(double, mona):
    CompanyFactory(number="USD", currency="USD")

    for old, new, reason in [
        ("ACME", "ACME", "x"),
        ("ACME", "ACME-9", "x"),
        ("ACME", "USD", "x"),
        ("ACME", "ACME-2", " "),
    ]:
        with pytest.raises(InvalidValue):
            merge_companies(old, new, reason=reason, by=mona.actor)

    assert not Company.objects.exclude(merged_into=None).exists()


def test_the_steward_merges_on_the_page_of_the_case(double, mona):
    Company.objects.filter(number__in=["ACME", "ACME-2"]).update(tax_id="ATU1")
    report_duplicates(by=job_actor("test"))
    case = Case.objects.get(kind="duplicate_customer")

    assert [repair.key for repair in repairs_for(case)] == ["into_one", "into_other"]
    repair_case(case, "into_other", reason="One customer", by=mona.actor)

    case.refresh_from_db()
    assert case.state == "closed"
    assert Order.objects.get().company.number == "ACME-2"


@pytest.mark.req("ENT-05")
def test_a_licence_that_staff_have_seen_goes_along_and_one_of_the_erp_stays_with_what_it_was_told_of(
    double, mona
):
    anna, new, _both, _branch = double
    kind = LicenceKind.objects.create(code="chem", name="Chemicals")
    for number, system in (("PAPER", "us"), ("FED", "erp"), ("BOTH", "us")):
        Licence.objects.create(company=anna.company, kind=kind, number=number, system=system)
    Licence.objects.create(company=new, kind=kind, number="BOTH")

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    held = Licence.objects.filter(company=new).order_by("number")
    assert [row.number for row in held] == ["BOTH", "PAPER"]
    assert Licence.objects.get(number="FED").company == anna.company


@pytest.mark.req("ACC-04")
def test_every_number_of_either_leads_to_the_one_that_is_left(mona):
    old, new = CompanyFactory(number="OLD"), CompanyFactory(number="NEW")
    AddressFactory(company=old, erp_id="71", ship_to_code="S-OLD", is_bill_to=True, bill_to_code="B-OLD")
    AddressFactory(company=new, erp_id="72")
    keep_identifiers("erp", "customer", [("901", "OLD"), ("902", "NEW")])

    merge_companies("OLD", "NEW", reason="Registered twice.", by=mona.actor)

    for name in ("OLD", "NEW", "S-OLD", "B-OLD", "72", "901", "902"):
        assert all_customers_named(name) == {new.pk}, name
    assert all_customers_named("71") == all_customers_named("") == frozenset()


@pytest.mark.req("ACC-09")
def test_an_invoice_for_both_that_a_headquarters_pays_is_seen_by_the_one_that_is_left(anna, mona, erp):
    head = CompanyFactory(number="HEAD")
    new = CompanyFactory(number="ACME-2", name="Acme", parent=head)
    Company.objects.filter(pk=anna.company.pk).update(parent=head)
    AddressFactory(company=new, erp_id="acme-2-1")
    nina = enrol("Nina", new, "buyer")
    sell("S-1", "1.00")
    ours, theirs = order_now(anna, **{"S-1": 3}), order_now(nina, **{"S-1": 4})
    both = invoice(ours, {1: 3}, key="BOTH", company_number="HEAD")
    apply_invoice(both.model_copy(update={"order_numbers": (ours.number, theirs.number)}), by=erp)
    assert not invoices_for(scope_for(nina.user.pk, new.pk)).exists()

    merge_companies("ACME", "ACME-2", reason="One customer", by=mona.actor)

    assert [row.number for row in invoices_for(scope_for(nina.user.pk, new.pk))] == ["INV-BOTH"]
