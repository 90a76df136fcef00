"""Who of the staff meets what of sales: the desk, the lists, the policy, and what is nobody's business."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from quotes.models import QuotePolicy
from tests.admin.sales import HOME, form_of, rfq_url, url
from tests.conftest import employ
from tests.factories.orders import sell
from tests.factories.quotes import ask, begin, costs, policy, send, submit

pytestmark = pytest.mark.django_db

STEPS = ["page", "save", "send", "revise", "back", "withdraw", "note", "approval", "approve", "return"]


@pytest.mark.req("ACC-09")
@pytest.mark.parametrize("step", STEPS)
def test_another_salespersons_customer_is_not_there(anna, sam, step):
    sell("BOLT")
    anna.company.sales_rep = sam.user
    anna.company.save(update_fields=["sales_rep"])
    quote = begin(anna, sam, BOLT=5)
    nora = employ("Nora", "Sales").signed_in()
    before = quote.version

    method = nora.get if step in ("page", "approval") else nora.post
    answer = method(url(step, quote), {**form_of(quote), "text": "x", "reason": "x", "comment": "x"})

    assert answer.status_code in (403, 404)
    quote.refresh_from_db()
    assert (quote.version, quote.messages.count()) == (before, 0)


@pytest.mark.parametrize("step", STEPS)
def test_buyers_do_not_get_into_the_back_office(anna, sam, step):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=5)

    for method in (anna.signed_in().get, anna.signed_in().post):
        assert method(url(step, quote)).status_code in (302, 403)

    quote.refresh_from_db()
    assert quote.status == "draft"


def test_operators_look_and_touch_nothing(anna, sam, otto):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=5)
    client = otto.signed_in()

    assert client.get(url("page", quote)).status_code == 403
    assert client.get(reverse("admin:quotes_quote_change", args=[quote.pk])).status_code == 200
    assert client.post(url("send", quote), {"version": quote.version}).status_code == 403
    quote.refresh_from_db()
    assert quote.status == "draft"


def test_the_lists_show_the_own_customers_and_lead_to_the_own_pages(anna, clara, sam):
    sell("BOLT")
    nora = employ("Nora", "Sales")
    for company, rep in ((anna.company, sam.user), (clara.company, nora.user)):
        company.sales_rep = rep
        company.save(update_fields=["sales_rep"])
    mine, hers = begin(anna, sam, BOLT=5), begin(clara, nora, BOLT=5)
    client = sam.signed_in()

    for name, own, foreign in (("quote", mine, hers), ("rfq", mine.rfq, hers.rfq)):
        page = client.get(reverse(f"admin:quotes_{name}_changelist")).content.decode()
        assert own.number in page
        assert foreign.number not in page
        lead = client.get(reverse(f"admin:quotes_{name}_change", args=[own.pk]))
        assert own.number in lead.url
        away = client.get(reverse(f"admin:quotes_{name}_change", args=[foreign.pk]))
        assert away.status_code == 404


@pytest.mark.parametrize("name", ["quote", "rfq"])
def test_no_status_can_be_typed_into(anna, sam, mona, name):
    sell("BOLT")
    quote = begin(anna, sam, BOLT=5)
    row = quote if name == "quote" else quote.rfq
    before = row.status

    mona.signed_in().post(reverse(f"admin:quotes_{name}_change", args=[row.pk]), {"status": "accepted"})
    refused = mona.signed_in().get(reverse(f"admin:quotes_{name}_add"))

    row.refresh_from_db()
    assert row.status == before
    assert refused.status_code == 403


def test_the_desk_shows_whose_turn_it_is(anna, sam, mona):
    sell("BOLT")
    policy()
    new = ask(anna, BOLT=1)
    draft = begin(anna, sam, BOLT=2)
    asked = submit(begin(anna, sam, BOLT=3), sam)
    sent = send(begin(anna, sam, BOLT=4), sam)

    sams = sam.signed_in().get(HOME).content.decode()
    monas = mona.signed_in().get(HOME).content.decode()

    assert rfq_url("page", new) in sams
    assert url("page", draft) in sams
    assert url("approval", asked) in sams
    assert url("page", sent) in sams
    assert "Not opened yet" in sams
    assert url("approval", asked) in monas
    assert "Waiting for your approval" in monas


def test_a_manager_is_not_asked_to_approve_the_own_work(anna, mona):
    sell("BOLT")
    quote = submit(begin(anna, mona, BOLT=3), mona)

    assert url("approval", quote) not in mona.signed_in().get(HOME).content.decode()


def test_the_desk_is_for_sales(anna, sam, otto):
    sell("BOLT")
    rfq = ask(anna, BOLT=1)

    assert rfq.number not in otto.signed_in().get(HOME).content.decode()


@pytest.mark.req("QTE-06")
def test_a_policy_is_changed_by_a_new_version_and_an_old_one_stays(sam, mona):
    add = reverse("admin:quotes_quotepolicy_add")
    form = {
        "max_discount_percent": "5",
        "min_margin_percent": "25",
        "max_net_amount": "",
        "validity_days": "14",
        "note": "x",
    }

    assert sam.signed_in().post(add, form).status_code == 403
    mona.signed_in().post(add, form)

    first, second = QuotePolicy.objects.order_by("version")
    assert (first.max_discount_percent, second.max_discount_percent) == (D(10), D(5))
    assert (second.version, second.max_net_amount, second.validity_days) == (2, None, 14)
    mona.signed_in().post(reverse("admin:quotes_quotepolicy_change", args=[first.pk]), form)
    first.refresh_from_db()
    assert first.max_discount_percent == D(10)


def test_a_policy_that_cannot_be_is_refused(mona):
    form = {"max_discount_percent": "101", "validity_days": "14"}

    mona.signed_in().post(reverse("admin:quotes_quotepolicy_add"), form)

    assert QuotePolicy.objects.count() == 1


def test_the_pages_take_a_fixed_number_of_statements(anna, sam, mona, django_assert_max_num_queries):
    for nth in range(12):
        costs(sell(f"P{nth}"), "0.1")
    for lines in (1, 12):
        quote = begin(anna, sam, **{f"P{nth}": 2 for nth in range(lines)})
        with django_assert_max_num_queries(50):
            sam.signed_in().get(url("page", quote))
        submit(quote, sam)
        boss = mona.signed_in()
        boss.get(HOME)  # the first page of a session notes where it is signed in
        with django_assert_max_num_queries(50):
            boss.get(url("approval", quote))
        with django_assert_max_num_queries(42):
            sam.signed_in().get(HOME)
        with django_assert_max_num_queries(45):
            sam.signed_in().get(reverse("admin:quotes_quote_changelist"))
