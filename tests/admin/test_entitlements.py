"""Sales managers keep assortments, restrictions and licences by hand, and ask why a customer sees a product or not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Licence, LicenceKind
from catalog.actions.entitlements import drop_entitlement, keep_entitlement, put_products
from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, ProductRestriction
from catalog.queries import products_for
from core.days import erp_today
from core.errors import InvalidValue
from core.models import Event
from orders.queries.cart import cart_for, cart_sheet
from tests.factories.accounts import CompanyFactory
from tests.factories.assortments import assortment, give
from tests.factories.catalog import CategoryFactory, ProductFactory
from tests.factories.orders import fill, sell

pytestmark = pytest.mark.django_db

ADD = "admin:catalog_assortment_add"
NO_ROWS = {
    f"{prefix}-{name}": "0"
    for prefix in ("rules", "assignments")
    for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
}


def posted(acme, category, **values):
    """The form of a new assortment for Acme."""
    return {
        **NO_ROWS,
        "code": "ACME-2026",
        "name": "Acme 2026",
        "covers": "listed",
        "note": "",
        "put_in": "",
        "take_out": "",
        "rules-TOTAL_FORMS": "1",
        "rules-0-effect": "include",
        "rules-0-category": str(category.pk),
        "assignments-TOTAL_FORMS": "1",
        "assignments-0-company": str(acme.pk),
        "assignments-0-segment": "",
        "assignments-0-contract": "FA 4711",
        "assignments-0-valid_from": "2026-01-01",
        **values,
    }


@pytest.mark.req("ENT-15", "ENT-09")
def test_an_assortment_made_in_the_back_office_takes_effect_at_once(anna, mona, acme):
    screws = CategoryFactory(name="Screws")
    inside, extra, out = (
        ProductFactory(sku="IN", category=screws),
        ProductFactory(sku="EXTRA"),
        ProductFactory(sku="OUT", category=screws),
    )
    other = ProductFactory(sku="ELSE")
    before = products_for(anna.scope).count()

    answer = mona.signed_in().post(reverse(ADD), posted(acme, screws, put_in="EXTRA\n\n", take_out="OUT\r\n"))

    assert answer.status_code == 302, answer.context["errors"]
    assert before == 4
    assert [product.sku for product in products_for(anna.scope)] == [extra.sku, inside.sku]
    assert {out.sku, other.sku}.isdisjoint(products_for(anna.scope).values_list("sku", flat=True))
    made = Assortment.objects.get()
    for row in (made, *made.rules.all(), *made.assignments.all()):
        [past] = row.history.all()
        assert (past.actor_label, past.channel, past.history_type) == ("Mona", "admin", "+")
    told = Event.objects.filter(name="entitlement.changed").order_by("pk")
    assert [event.payload["model"] for event in told] == [
        "catalog.Assortment",
        "catalog.AssortmentRule",
        "catalog.AssortmentAssignment",
    ]
    assert told[2].payload["new"]["contract"] == "FA 4711"


def test_a_number_that_nobody_knows_is_named_and_nothing_is_made(mona, acme):
    answer = mona.signed_in().post(reverse(ADD), posted(acme, CategoryFactory(), put_in="NO-SUCH"))

    assert answer.status_code == 200
    assert "There are no products NO-SUCH." in answer.content.decode()
    assert not Assortment.objects.exists()


@pytest.mark.req("ENT-09", "SEC-08")
def test_a_change_and_an_end_keep_who_when_and_both_values(mona, acme):
    given = give(assortment("A"), acme, contract="FA 1")
    given.contract = "FA 2"

    keep_entitlement(given, by=mona.actor)
    keep_entitlement(given, by=mona.actor)
    drop_entitlement(given, by=mona.actor)

    past = AssortmentAssignment.history.order_by("history_id")
    assert [(row.history_type, row.contract) for row in past] == [("+", "FA 1"), ("~", "FA 2"), ("-", "FA 2")]
    assert [row.actor_label for row in past] == ["shell", "Mona", "Mona"]
    changed, ended = Event.objects.filter(name="entitlement.changed").order_by("pk")
    assert (changed.payload["old"], changed.payload["new"]) == ({"contract": "FA 1"}, {"contract": "FA 2"})
    assert (ended.payload["change"], ended.payload["old"]["contract"]) == ("deleted", "FA 2")
    assert ended.actor_label == "Mona"


@pytest.mark.req("ENT-09", "SEC-08")
def test_a_set_writes_history_for_what_it_changes_alone(mona, django_assert_max_num_queries):
    products = ProductFactory.create_batch(30)
    made = assortment("A", *products[:10], without=(products[10],))
    skus = [product.sku for product in products[:20]]

    with django_assert_max_num_queries(12):
        counts = put_products(made, skus, effect="include", by=mona.actor)
    again = put_products(made, skus, effect="include", by=mona.actor)

    past = AssortmentRule.history.filter(actor_label="Mona")
    assert (counts, again) == ((9, 1), (0, 0))
    assert sorted(past.values_list("history_type", flat=True)) == ["+"] * 9 + ["~"]
    assert past.get(history_type="~").product_id == products[10].pk
    assert Event.objects.get(name="assortment.filled").payload["new"] == 9
    with pytest.raises(InvalidValue, match="no products NO-SUCH"):
        put_products(made, ["NO-SUCH", products[25].sku], effect="include", by=mona.actor)
    assert made.rules.count() == 20


@pytest.mark.req("ENT-15", "ENT-06")
def test_a_restriction_made_in_the_back_office_takes_effect_at_once(anna, mona):
    product = sell("ACID", "1.00")
    fill(anna, ACID=5)
    form = {
        "kind": "quantity",
        "product": str(product.pk),
        "max_quantity": "4",
        "period": "order",
        "segment": "country:AT",
    }
    address = reverse("admin:catalog_productrestriction_add")
    browser = mona.signed_in()

    lacking = browser.post(address, {**form, "period": ""})
    both = browser.post(address, {**form, "category": str(product.category_id)})
    made = browser.post(address, form)

    assert "This kind of restriction needs it." in lacking.content.decode()
    assert "Name a product or a category, one of them." in both.content.decode()
    assert made.status_code == 302
    assert ProductRestriction.objects.get().max_quantity == Decimal(4)
    assert [one.code for one in cart_sheet(cart_for(anna.scope), anna.scope).refusals] == ["quantity_limit"]


@pytest.mark.req("ENT-15", "ENT-05")
def test_a_licence_typed_in_the_back_office_counts_at_once(anna, mona):
    kind = LicenceKind.objects.create(code="ADR", name="Hazardous goods")
    ProductRestriction.objects.create(kind="licence", licence_kind=kind, product=sell("ACID", "1.00"))
    fill(anna, ACID=1)
    form = {"company": str(anna.company.pk), "kind": str(kind.pk), "number": "L-1", "system": "us"}
    before = cart_sheet(cart_for(anna.scope), anna.scope).refusals

    answer = mona.signed_in().post(reverse("admin:accounts_licence_add"), form)

    assert answer.status_code == 302
    assert len(before) == 1
    assert cart_sheet(cart_for(anna.scope), anna.scope).refusals == []
    assert Licence.objects.get().history.get().actor_label == "Mona"
    assert Event.objects.get(name="licence.changed").payload["new"]["number"] == "L-1"


def test_sales_and_operators_read_and_do_not_write(sam, otto, acme):
    made = assortment("A")
    give(made)
    for person in (sam, otto):
        browser = person.signed_in()

        assert browser.get(reverse("admin:catalog_assortment_change", args=[made.pk])).status_code == 200
        assert browser.get(reverse(ADD)).status_code == 403
        assert browser.post(reverse("admin:catalog_assortment_delete", args=[made.pk])).status_code == 403
    assert Assortment.objects.exists()


@pytest.mark.req("ACC-16")
def test_sales_do_not_see_what_was_given_to_somebody_elses_customer(sam, mona, clara, acme):
    clara.company.sales_rep = mona.user
    clara.company.save(update_fields=["sales_rep"])
    made = assortment("THEIRS")
    give(made, clara.company)
    rule = ProductRestriction.objects.create(
        kind="forbidden_place", country="CH", product=ProductFactory(sku="S-1"), company=clara.company
    )
    pages = [
        reverse("admin:catalog_assortment_change", args=[made.pk]),
        reverse("admin:catalog_productrestriction_change", args=[rule.pk]),
    ]
    explain = reverse("admin:catalog_assortment_explain")

    assert [sam.signed_in().get(page).status_code for page in pages] == [404, 404]
    assert [mona.signed_in().get(page).status_code for page in pages] == [200, 200]
    assert sam.signed_in().get(explain, {"company": "OTHER", "sku": "S-1"}).status_code == 422


def test_history_is_read_and_not_written_back(mona):
    made = assortment("A")
    address = reverse(
        "admin:catalog_assortment_simple_history", args=[made.pk, made.history.get().history_id]
    )
    browser = mona.signed_in()

    assert browser.get(reverse("admin:catalog_assortment_history", args=[made.pk])).status_code == 200
    assert browser.get(address).status_code == 302
    assert browser.post(address, {"code": "A", "name": "B", "covers": "all"}).status_code == 403


@pytest.fixture
def tree(acme):
    """Acme Group above Acme above its branch in Graz."""
    group = CompanyFactory(number="GROUP", name="Acme Group")
    acme.parent = group
    acme.save()
    return group, acme, CompanyFactory(number="GRAZ", name="Acme Graz", parent=acme)


def explained(person, company, product, on=""):
    address = reverse("admin:catalog_assortment_explain")
    answer = person.signed_in().get(address, {"company": company.number, "sku": product.sku, "on": on})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.req("ENT-14")
def test_staff_are_told_why_a_company_does_not_see_a_product_and_where_the_rule_comes_from(sam, tree):
    group, acme, graz = tree
    screws = CategoryFactory(name="Screws")
    product = ProductFactory(sku="S-1", category=CategoryFactory(name="Cap screws", parent=screws))
    give(assortment("ALL", covers="all", without=(screws,)), group, contract="Group 2026")
    give(assortment("LOCAL", product), acme, adds=True, valid_from="2026-01-01", valid_until="2026-07-01")
    give(assortment("SOON", product), graz, valid_from="2099-01-01")

    page = explained(sam, graz, product, on="2026-06-30")
    later = explained(sam, graz, product, on="2099-01-01")

    assert "An assortment that counts takes it out, and taking out wins." in page
    assert "Take out: Screws" in page
    assert "inherited from Acme Group (GROUP), 2 above" in page
    assert "inherited from Acme Works (ACME), 1 above" in page
    assert "Group 2026" in page
    assert page.index("SOON") < page.index("LOCAL") < page.index("ALL")
    assert "Not yet" in page
    assert "An assortment that counts holds it, and none takes it out." in later
    assert "Replaced by a nearer one" in later


@pytest.mark.req("ENT-14")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "No assortment was ever given to this customer"),
        ({"valid_until": "2026-01-01"}, "an end never opens the catalogue"),
        ({}, "None of the assortments that count puts it in."),
    ],
)
def test_every_verdict_is_in_words(sam, acme, given, told):
    product = ProductFactory(sku="S-1")
    if given is not None:
        give(assortment("A"), acme, **given)

    assert told in explained(sam, acme, product)


@pytest.mark.req("ENT-14")
def test_the_explanation_names_restrictions_and_refuses_unknown_questions(sam, acme):
    product = ProductFactory(sku="S-1", pim_as_of=None)
    rule = ProductRestriction.objects.create(
        kind="forbidden_place", country="CH", product=product, note="Embargo."
    )
    address = reverse("admin:catalog_assortment_explain")

    page = explained(sam, acme, product)
    wrong = sam.signed_in().get(address, {"company": "NOBODY", "sku": "S-1"})

    assert "The PIM has no content for it, so nobody sees it." in page
    assert f"R-{rule.pk}" in page
    assert "Embargo." in page
    assert wrong.status_code == 422
    assert "There is no customer with this number." in wrong.content.decode()


def test_a_buyer_gets_no_explanation(anna):
    answer = anna.signed_in().get(reverse("admin:catalog_assortment_explain"), follow=True)

    assert answer.status_code == 403


@pytest.mark.req("ENT-03")
def test_nothing_is_given_to_everybody_but_by_an_explicit_tick(mona, acme):
    made = assortment("A")
    address = reverse("admin:catalog_assortmentassignment_add")
    browser = mona.signed_in()

    forgotten = browser.post(address, {"assortment": made.pk, "segment": ""})
    both = browser.post(
        address, {"assortment": made.pk, "company": acme.pk, "segment": "", "everybody": "on"}
    )
    none_yet = AssortmentAssignment.objects.count()
    ticked = browser.post(address, {"assortment": made.pk, "segment": "", "everybody": "on"})

    assert "Choose a customer, a segment, or everybody." in forgotten.content.decode()
    assert "one of them" in both.content.decode()
    assert (none_yet, ticked.status_code) == (0, 302)
    given = AssortmentAssignment.objects.get()
    assert given.is_for_everybody
    page = browser.get(reverse("admin:catalog_assortmentassignment_changelist")).content.decode()
    assert "everybody" in page.partition('class="field-whom')[2].partition("</td>")[0]
    form = (
        browser.get(reverse("admin:catalog_assortmentassignment_change", args=[given.pk]))
        .context["adminform"]
        .form
    )
    assert form["everybody"].value() is True


@pytest.mark.req("ENT-05", "ENT-14")
@pytest.mark.parametrize(
    ("held", "told"),
    [
        (None, "The customer has none."),
        ({"valid_until": "2026-07-01"}, "L-7 expired: it was valid through "),
        ({"is_withdrawn": True}, "L-7 was withdrawn."),
        ({"valid_from": "2099-01-01"}, "L-7 counts from "),
        ({"valid_until": "2099-01-01"}, "L-7 counts, through "),
    ],
)
def test_the_explanation_says_what_the_customer_holds_of_a_required_licence(sam, tree, held, told):
    group, _acme, graz = tree
    kind = LicenceKind.objects.create(code="ADR", name="Hazardous goods")
    product = ProductFactory(sku="S-1")
    ProductRestriction.objects.create(kind="licence", licence_kind=kind, product=product)
    if held is not None:
        Licence.objects.create(company=group, kind=kind, number="L-7", **held)

    assert told in explained(sam, graz, product, on="2026-08-01")


@pytest.mark.req("ENT-05")
@pytest.mark.parametrize(
    ("values", "told", "found"),
    [
        ({}, "Yes", "counts"),
        ({"valid_until": timedelta(days=1)}, "1 day left", "ending"),
        ({"valid_until": timedelta(days=61)}, "Yes", "counts"),
        ({"valid_until": timedelta(0)}, "Expired", "expired"),
        ({"valid_from": timedelta(days=1)}, "Not yet", ""),
        ({"is_withdrawn": True}, "Withdrawn", "expired"),
    ],
)
def test_the_list_of_licences_says_which_count_today_and_which_end_soon(mona, acme, values, told, found):
    dated = {
        key: erp_today() + value if isinstance(value, timedelta) else value for key, value in values.items()
    }
    kind = LicenceKind.objects.create(code="ANCHOR", name="Anchors")
    Licence.objects.create(company=acme, kind=kind, number="L-7", **dated)
    page = reverse("admin:accounts_licence_changelist")

    listed = mona.signed_in().get(page).content.decode()
    filtered = {
        key
        for key in ("counts", "ending", "expired")
        if mona.signed_in().get(page, {"standing": key}).context["cl"].result_count
    }

    assert told in listed
    assert filtered == ({"counts", "ending"} if found == "ending" else {found} - {""})


@pytest.mark.req("ENT-14")
def test_a_customer_s_page_leads_to_the_question_with_the_customer_filled_in(mona, acme):
    page = mona.signed_in().get(reverse("admin:accounts_company_change", args=[acme.pk])).content.decode()
    way = reverse("admin:catalog_assortment_explain") + f"?company={acme.number}"
    assert way in page

    asked = mona.signed_in().get(way)

    assert asked.status_code == 200
    assert f'value="{acme.number}"' in asked.content.decode()
