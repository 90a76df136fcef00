"""Sales acts for a buyer: asked with a reason, shown on every page, both names on everything, the cart its own."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions.assistance import Wish, start_assistance, stop_assistance
from accounts.assistance import NEVER, acting_in
from accounts.models import Assistance, Company, Membership, User
from core.actor import Actor
from core.errors import DomainError, InvalidValue, NotAllowed, NotFound
from core.models import AuditEntry, Event
from orders.actions.approval import approve_order
from orders.actions.checkout import CheckoutChoice, checkout
from orders.models import Cart, CartLine, Order
from orders.queries.cart import cart_for, cart_sheet
from tests.conftest import Member, employ, enrol
from tests.factories.accounts import CompanyFactory, MembershipFactory, UserFactory
from tests.factories.orders import fill, order_now, sell

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-16")]


def begin(sam, anna, **changes):
    values = {"principal_id": anna.user.pk, "reason": "Called in an order", "minutes": 60}
    return start_assistance(anna.company, Wish(**{**values, **changes}), by=sam.actor)


def in_place_of(sam, anna):
    """Sam as the pages know him while he acts for Anna."""
    acting = acting_in(begin(sam, anna))
    actor = Actor("portal", "Sam", user_id=sam.user.pk, on_behalf_of=anna.company.number)
    return Member(sam.user, anna.company, acting.scope, actor.in_place_of(anna.user.pk, "Anna"))


def browser_for(sam, anna):
    browser = sam.signed_in()
    page = reverse("admin:accounts_company_acting", args=[anna.company.pk])
    asked = {"person": anna.user.pk, "reason": "Called in an order", "minutes": "60"}
    assert browser.post(page, asked).url == reverse("portal:home")
    return browser


@pytest.mark.req("SEC-08")
def test_an_order_names_both_and_belongs_to_the_buyer(anna, sam):
    sell("BOLT")
    assistant = in_place_of(sam, anna)

    order = order_now(assistant, BOLT=5)

    order.refresh_from_db()
    assert (order.placed_by, order.entered_by) == (anna.user, sam.user)
    event = Event.objects.filter(name="order.received").get()
    assert (event.actor_user, event.actor_label, event.on_behalf_of) == (
        sam.user,
        "Sam for Anna",
        "ACME · Anna",
    )
    entries = AuditEntry.objects.filter(action__startswith="order.", user_id=sam.user.pk)
    assert {entry.on_behalf_of for entry in entries} <= {f"user:{anna.user.pk}"}
    page = anna.signed_in().get(reverse("portal:order-detail", args=[order.number])).content.decode()
    assert "entered by Sam of our sales" in page
    assert "Called in an order" in page
    assert "Sam for Anna" in page


@pytest.mark.req("ACC-12")
def test_the_buyers_cart_stays_as_it_is_from_start_to_stop(anna, sam):
    sell("BOLT"), sell("NUT")
    fill(anna, BOLT=7)
    before = list(CartLine.objects.values("cart_id", "product_id", "quantity"))
    token = cart_for(anna.scope).token
    browser = browser_for(sam, anna)
    mark = browser.get(reverse("portal:cart")).context["scope"].mark

    browser.post(
        reverse("portal:cart-line-add"),
        {"sku": "NUT", "quantity": "3", "unit": "piece", "acting_company": mark},
    )
    browser.post(reverse("portal:acting-stop"))

    assert (
        list(CartLine.objects.filter(cart__user=anna.user).values("cart_id", "product_id", "quantity"))
        == before
    )
    assert cart_for(anna.scope).token == token
    theirs = Cart.objects.get(user=sam.user, company=anna.company)
    assert list(theirs.lines.values_list("product__sku", "quantity")) == [("NUT", 3)]


def test_every_page_says_so_until_it_is_stopped_and_start_and_stop_are_told(anna, sam):
    browser = browser_for(sam, anna)

    for name in ("home", "catalogue", "cart", "order-list", "quote-list", "invoice-list"):
        page = browser.get(reverse(f"portal:{name}")).content.decode()
        assert "Sam acts for Anna, Acme Works." in page, name
        assert reverse("portal:acting-stop") in page
    after = browser.post(reverse("portal:acting-stop"), follow=True)

    assert after.request["PATH_INFO"] == reverse("admin:accounts_company_change", args=[anna.company.pk])
    assert browser.get(reverse("portal:home")).url == reverse("admin:index")
    told = Event.objects.filter(name__startswith="assistance.").order_by("id")
    assert [(event.name, event.subject, event.actor_user) for event in told] == [
        ("assistance.started", "company:ACME", sam.user),
        ("assistance.stopped", "company:ACME", sam.user),
    ]
    assert {event.payload["principal"] for event in told} == {anna.user.pk}


@pytest.mark.req("SEC-12")
def test_the_back_office_says_that_it_runs_and_the_customer_reads_for_whom_and_why(anna, sam, acme):
    browser = browser_for(sam, anna)
    ada = enrol("Ada", acme, "administrator")

    for address in (reverse("admin:index"), reverse("admin:accounts_company_changelist")):
        page = browser.get(address).content.decode()
        assert "You act for Anna" in page, address
        assert reverse("portal:acting-stop") in page
    read = ada.signed_in().get(reverse("portal:activity")).content.decode()
    browser.post(reverse("portal:acting-stop"))

    assert "began to act for Anna" in read
    assert "Called in an order" in read
    assert "You act for Anna" not in browser.get(reverse("admin:index")).content.decode()


def test_a_letter_is_no_reason(anna, sam):
    with pytest.raises(InvalidValue):
        begin(sam, anna, reason="x")


@pytest.mark.req("ACC-10")
@pytest.mark.parametrize(
    ("state", "words"), [("on_hold", "may not: order."), ("active", "forbids nothing"), ("closed", "sign in")]
)
def test_the_page_of_a_customer_says_what_its_state_forbids(acme, sam, state, words):
    Company.objects.filter(pk=acme.pk).update(status=state)

    page = sam.signed_in().get(reverse("admin:accounts_company_change", args=[acme.pk])).content.decode()

    assert words in page
    assert "and is changed there" in page


@pytest.mark.req("ACC-12", "SEC-13")
def test_a_form_of_before_or_after_acting_for_somebody_is_refused(anna, sam):
    sell("BOLT")
    browser = browser_for(sam, anna)
    stale = browser.get(reverse("portal:cart")).context["scope"].mark
    browser.post(reverse("portal:acting-stop"))
    line = {"sku": "BOLT", "quantity": "1", "unit": "piece"}

    after = browser.post(reverse("portal:cart-line-add"), {**line, "acting_company": stale})
    again = browser_for(sam, anna)
    other_time = again.post(reverse("portal:cart-line-add"), {**line, "acting_company": stale})
    own_form = again.post(reverse("portal:cart-line-add"), {**line, "acting_company": "ACME"})

    assert {answer.status_code for answer in (other_time, own_form)} == {409}
    assert after.status_code in (302, 409)
    assert not CartLine.objects.exists()


@pytest.mark.req("SEC-12")
def test_never_more_than_the_buyer_and_never_what_only_the_buyer_does(acme, sam, boris):
    admin = employ_administrator(acme)
    for member in (admin, boris):
        scope = acting_in(begin(sam, member)).scope
        assert scope.rights < member.scope.rights
        assert not scope.rights & NEVER
        assert all(scope.depths[right] <= member.scope.depths[right] for right in scope.rights)


def employ_administrator(company):
    from tests.conftest import enrol

    return enrol("Ada", company, "administrator")


def test_nobody_approves_in_a_buyers_place_or_an_own_order(acme, anna, boris, sam):
    sell("BOLT", "100.00")
    Membership.objects.filter(user=anna.user).update(order_limit=10)
    order = order_now(in_place_of(sam, anna), BOLT=5)
    assert order.status == "pending_approval"

    for actor in (in_place_of(sam, boris).actor, sam.actor, anna.actor):
        with pytest.raises(DomainError):
            approve_order(Order.objects.get(pk=order.pk), by=actor)

    approve_order(Order.objects.get(pk=order.pk), by=boris.actor)
    assert Order.objects.get(pk=order.pk).decided_by == boris.user


def test_only_sales_only_own_customers_only_with_a_reason_and_not_for_long(anna, clara, sam, otto, mona):
    with pytest.raises(NotAllowed):
        begin(otto, anna)
    with pytest.raises(NotFound):
        start_assistance(clara.company, Wish(clara.user.pk, "Why not"), by=sam.actor)
    with pytest.raises(NotFound):
        begin(sam, anna, principal_id=clara.user.pk)
    with pytest.raises(InvalidValue):
        begin(sam, anna, reason="  ")
    with pytest.raises(InvalidValue):
        begin(sam, anna, minutes=100_000)
    with pytest.raises(NotAllowed):
        start_assistance(anna.company, Wish(anna.user.pk, "Twice"), by=in_place_of(sam, anna).actor)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Assistance.objects.create(
            user=sam.user, principal=sam.user, company=anna.company, reason="me",
            started_at=now, ends_at=now + timedelta(hours=1),
        )  # fmt: skip
    page = reverse("admin:accounts_company_acting", args=[clara.company.pk])
    assert sam.signed_in().get(page).status_code == 404
    assert otto.signed_in().get(page).status_code == 403
    assert mona.signed_in().get(page).status_code == 200


@pytest.mark.req("ACC-16", "SEC-13")
def test_who_acts_here_by_a_company_above_is_offered_where_that_is_an_own_customer_too(anna, sam, mona):
    above = CompanyFactory(number="GROUP")
    Company.objects.filter(pk=anna.company.pk).update(parent=above)
    buyer, viewer = UserFactory(email="gina@group.example"), UserFactory(email="vito@group.example")
    MembershipFactory(user=buyer, company=above, roles=["buyer"], includes_branches=True)
    MembershipFactory(user=viewer, company=above, roles=["buyer"])
    page = reverse("admin:accounts_company_acting", args=[anna.company.pk])

    def offered(seller):
        form = seller.signed_in().get(page).content.decode()
        people = ("anna", "gina", "vito")
        return {name for name in people if f"{name}@" in form}

    assert offered(sam) == {"anna"}
    with pytest.raises(NotFound):
        begin(sam, anna, principal_id=buyer.pk)
    assert offered(mona) == {"anna", "gina"}
    assert begin(mona, anna, principal_id=buyer.pk).principal_id == buyer.pk


@pytest.mark.req("ACC-12")
@pytest.mark.parametrize("end", ["time", "customer", "role", "person", "buyer", "membership", "stopped"])
def test_it_ends_at_the_next_request_whatever_ends_it(anna, sam, mona, end):
    sell("BOLT")
    browser = browser_for(sam, anna)
    mark = browser.get(reverse("portal:cart")).context["scope"].mark
    acting = Assistance.objects.get()
    match end:
        case "time":
            past = timezone.now() - timedelta(hours=2)
            Assistance.objects.update(started_at=past, ends_at=past + timedelta(hours=1))
        case "customer":
            anna.company.sales_rep = mona.user
            anna.company.save(update_fields=["sales_rep"])
        case "role":
            sam.user.groups.clear()
        case "person":
            User.objects.filter(pk=sam.user.pk).update(is_staff=False)
        case "buyer":
            User.objects.filter(pk=anna.user.pk).update(is_active=False)
        case "membership":
            Membership.objects.filter(user=anna.user).update(is_active=False)
        case "stopped":
            stop_assistance(acting, by=sam.actor)

    form = {"sku": "BOLT", "quantity": "1", "unit": "piece", "acting_company": mark}
    answer = browser.post(reverse("portal:cart-line-add"), form)

    assert answer.status_code in (302, 409)
    assert not CartLine.objects.exists()
    assert browser.get(reverse("portal:cart")).context["scope"].is_empty


def test_an_action_asks_again_whether_the_time_is_over(anna, sam):
    sell("BOLT")
    assistant = in_place_of(sam, anna)
    fill(assistant, BOLT=1)
    cart = cart_for(assistant.scope)
    choice = CheckoutChoice(
        token=str(cart.token), shown_digest=cart_sheet(cart, assistant.scope).digest, ship_to_erp_id="acme-1"
    )
    stop_assistance(Assistance.objects.get(), by=sam.actor)

    with pytest.raises(NotAllowed):
        checkout(cart, choice, by=assistant.actor)

    assert not Order.objects.exists()


def test_a_session_of_the_staff_is_never_one_of_the_buyer(anna, sam):
    browser = browser_for(sam, anna)

    page = browser.get(reverse("portal:home"))

    assert page.wsgi_request.user == sam.user
    assert page.wsgi_request.actor.user_id == sam.user.pk
    over_api = browser.get("/api/v1/orders/")
    assert over_api.status_code in (403, 404) or over_api.json()["results"] == []
    assert browser.post(reverse("portal:company-switch"), {"company": "ACME"}).status_code == 404
    assert employ("Nora", "Sales").signed_in().post(reverse("portal:acting-stop")).status_code == 302
    assert Assistance.objects.get().ended_at is None


@pytest.mark.req("SEC-08", "SEC-11")
def test_what_a_superuser_asks_for_in_a_buyers_place_is_written_down_and_nothing_else_of_the_account(
    anna, acme
):
    root = employ("Root")
    User.objects.filter(pk=root.user.pk).update(is_superuser=True)
    browser = browser_for(Member(User.objects.get(pk=root.user.pk), None, root.scope, root.actor), anna)
    browser.get("/admin/")

    browser.get("/orders/")
    browser.post("/cart/clear/")

    entries = AuditEntry.objects.filter(action="superuser.requested").order_by("pk")
    assert [(entry.data["method"], entry.data["path"], entry.data["status"]) for entry in entries] == [
        ("GET", "/orders/", 200),
        ("POST", "/cart/clear/", 302),
    ]
    assert {(entry.user_id, entry.on_behalf_of, entry.company_number) for entry in entries} == {
        (root.user.pk, f"user:{anna.user.pk}", "ACME")
    }
