"""Licences, quantity limits and regions: refused in the cart and again when the order is placed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Licence, LicenceKind
from accounts.queries.scopes import scope_for
from catalog.models import ProductRestriction
from core import freshness
from core.models import Case
from orders.actions.approval import approve_order
from orders.actions.checkout import checkout
from orders.actions.place import place_order
from orders.drafts import DraftLine, OrderDraft
from orders.models import CartLine, Order
from orders.queries.cart import cart_for, cart_sheet
from orders.rules.lines import LinesRefused
from orders.rules.live import Decision, decisions_of
from orders.states import LiveKind, LiveRule, OrderStatus, Situation
from tests.conftest import enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.catalog import CategoryFactory
from tests.factories.orders import choice_of, fill, order_now, sell
from tests.factories.quotes import at_once, put

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def acid(anna):
    """A product in a category below chemistry, for sale in pieces and boxes of 10."""
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(100_000))
    chemistry = CategoryFactory(slug="chemistry")
    category = CategoryFactory(slug="acids", parent=chemistry)
    return sell("ACID", "1.00", units={"box": 10}, category=category)


@pytest.fixture
def adr(db):
    return LicenceKind.objects.create(code="ADR", name="Hazardous goods", next_step="Mail it to us.")


def restrict(**values):
    return ProductRestriction.objects.create(**values)


def said(member):
    """The codes and messages that the cart shows."""
    scope = scope_for(member.user.pk, member.company.pk)
    return [(one.code, one.message) for one in cart_sheet(cart_for(scope), scope).refusals]


def refused(member, **choice):
    """The refused lines of placing the cart as an order, whatever the cart's page had said."""
    with pytest.raises(LinesRefused) as refusal:
        checkout(cart_for(member.scope), choice_of(member, **choice), by=member.actor)
    assert not Order.objects.filter(company=member.company, origin_ref=cart_for(member.scope).token).exists()
    return refusal.value.details["lines"]


@pytest.mark.django_db
@pytest.mark.req("ENT-05", "ENT-07")
def test_a_product_that_needs_a_licence_is_refused_without_one(anna, acid, adr):
    rule = restrict(kind="licence", licence_kind=adr, category=acid.category.parent, note="EU 1272/2008.")
    fill(anna, ACID=1)

    assert said(anna) == [
        (
            "licence_required",
            "ACID is sold only with the licence “Hazardous goods”, which we do not have of you. "
            "Mail it to us. EU 1272/2008.",
        )
    ]
    [line] = refused(anna)
    assert (line["position"], line["sku"], line["rule"]) == (1, "ACID", f"R-{rule.pk}")


@pytest.mark.django_db
@pytest.mark.req("ENT-05", "ENT-07")
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, None),
        ({"valid_until": "2026-11-19"}, None),
        ({"valid_until": "2026-11-18"}, "yours, L-1, was valid through 17 Nov 2026. Mail it to us."),
        ({"valid_from": "2026-11-19"}, "yours, L-1, is not valid now. Mail it to us."),
        ({"is_withdrawn": True}, "yours, L-1, is not valid now. Mail it to us."),
    ],
)
def test_a_licence_counts_on_its_days_alone(anna, acid, adr, time_machine, values, told):
    time_machine.move_to(NOON, tick=False)
    restrict(kind="licence", licence_kind=adr, product=acid)
    Licence.objects.create(company=anna.company, kind=adr, number="L-1", **values)
    fill(anna, ACID=1)

    messages = [message for _code, message in said(anna)]

    assert messages == (
        [] if told is None else [f"ACID is sold only with the licence “Hazardous goods”; {told}"]
    )


@pytest.mark.django_db
@pytest.mark.req("ENT-05", "ENT-07")
def test_a_licence_that_expires_between_cart_and_order_refuses_the_order(anna, acid, adr):
    restrict(kind="licence", licence_kind=adr, product=acid)
    licence = Licence.objects.create(company=anna.company, kind=adr, number="L-1")
    fill(anna, ACID=1)
    chosen = choice_of(anna)
    assert said(anna) == []

    licence.valid_until = "2020-01-01"
    licence.save()

    with pytest.raises(LinesRefused):
        checkout(cart_for(anna.scope), chosen, by=anna.actor)
    assert not Order.objects.exists()
    assert CartLine.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.req("ENT-05", "ACC-08")
def test_a_branch_has_the_licence_of_its_parent_and_not_the_other_way(anna, acid, adr):
    branch = enrol("Bea", CompanyFactory(number="BRANCH", parent=anna.company), "buyer")
    restrict(kind="licence", licence_kind=adr, product=acid)
    held = Licence.objects.create(company=anna.company, kind=adr, number="L-1")
    for member in (anna, branch):
        fill(member, ACID=1)

    assert (said(anna), said(branch)) == ([], [])
    held.company = branch.company
    held.save()

    assert [code for code, _message in said(anna)] == ["licence_required"]
    assert said(branch) == []


@pytest.mark.django_db
@pytest.mark.req("ENT-06", "ENT-07")
def test_lines_in_different_units_together_exceed_a_limit(anna, acid):
    restrict(kind="quantity", max_quantity=Decimal(30), period="order", product=acid)
    put(anna, "ACID", "2", "box")
    put(anna, "ACID", "10")
    assert said(anna) == []

    put(anna, "ACID", "1")

    told = (
        "Of ACID at most 30 pc can be ordered per order; these lines are 31 pc together. Order 30 pc or less."
    )
    assert said(anna) == [("quantity_limit", told)] * 2
    assert [(line["position"], line["code"]) for line in refused(anna)] == [
        (1, "quantity_limit"),
        (2, "quantity_limit"),
    ]


@pytest.mark.django_db
@pytest.mark.req("ENT-06")
def test_what_was_ordered_in_the_period_counts_until_it_is_over(anna, clara, acid, time_machine):
    restrict(kind="quantity", max_quantity=Decimal(30), period="month", product=acid)
    time_machine.move_to(NOON)
    first = order_now(anna, ACID=20)
    fill(anna, ACID=11)
    fill(clara, ACID=30)

    refusals = said(anna)
    assert refusals == [
        (
            "quantity_limit",
            "Of ACID at most 30 pc can be ordered per month, 20 pc have been and these lines are 11 pc. "
            "Order 10 pc or less, or the rest from 1 Dec 2026 on.",
        )
    ]
    assert said(clara) == []
    Order.objects.filter(pk=first.pk).update(status=OrderStatus.REJECTED)
    assert said(anna) == []
    Order.objects.filter(pk=first.pk).update(status=OrderStatus.RECEIVED)
    time_machine.move_to(datetime(2026, 11, 30, 22, 59, tzinfo=UTC))
    assert said(anna) == refusals
    time_machine.move_to(datetime(2026, 11, 30, 23, 1, tzinfo=UTC))
    assert said(anna) == []


@pytest.mark.django_db
@pytest.mark.req("ENT-06", "ACC-08")
def test_a_limit_of_a_group_counts_what_all_its_branches_order(anna, acme, acid, time_machine):
    branch = CompanyFactory(number="ACME-1", name="Acme Graz", parent=acme)
    AddressFactory(company=branch, erp_id="acme-1-1")
    gerd = enrol("Gerd", branch, "buyer")
    group = restrict(kind="quantity", max_quantity=Decimal(30), period="month", product=acid, company=acme)
    time_machine.move_to(NOON)
    order_now(anna, ACID=20)
    fill(gerd, ACID=11)
    fill(anna, ACID=10)

    assert [code for code, _told in said(gerd)] == ["quantity_limit"]
    assert [line["code"] for line in refused(gerd)] == ["quantity_limit"]
    assert said(anna) == []
    group.company = None  # one of everybody counts for each customer by itself
    group.save()
    assert said(gerd) == []


@pytest.mark.req("ENT-06")
@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_never_share_the_rest_of_a_limit(anna, acme, acid):
    ben = enrol("Ben", acme, "buyer")
    restrict(kind="quantity", max_quantity=Decimal(30), period="year", product=acid)
    for member in (anna, ben):
        fill(member, ACID=20)
    chosen = {member.user.pk: choice_of(member) for member in (anna, ben)}

    results = at_once(
        *(
            lambda member=member: (
                checkout(cart_for(member.scope), chosen[member.user.pk], by=member.actor).number
            )
            for member in (anna, ben)
        )
    )

    assert sorted(type(result).__name__ for result in results) == ["LinesRefused", "str"]
    assert Order.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.req("ENT-03", "ENT-07")
def test_goods_go_only_to_places_where_they_may(anna, acid):
    AddressFactory(company=anna.company, erp_id="acme-ch", country="CH", postal_code="8001", city="Zürich")
    rule = restrict(kind="forbidden_place", country="CH", product=acid, note="Ask for our Swiss branch.")
    fill(anna, ACID=1)

    assert said(anna) == []
    [line] = refused(anna, ship_to_erp_id="acme-ch")
    assert (line["code"], line["rule"]) == ("ship_to_region", f"R-{rule.pk}")
    assert line["message"] == (
        "ACID may not be sent to CH 8001. Choose another delivery address, take the line out, or ask your "
        "contact in sales. Ask for our Swiss branch."
    )
    assert checkout(cart_for(anna.scope), choice_of(anna), by=anna.actor).status == "received"


@pytest.mark.django_db
@pytest.mark.req("ENT-03")
def test_allowed_places_forbid_all_others_and_the_cart_says_so_when_no_address_will_do(anna, acid):
    restrict(kind="allowed_place", country="AT", postal_prefix="1", product=acid)
    restrict(kind="allowed_place", country="DE", product=acid)
    fill(anna, ACID=1)
    refusals = said(anna)

    AddressFactory(company=anna.company, erp_id="acme-vienna", country="AT", postal_code="1100")

    assert [code for code, _message in refusals] == ["ship_to_region"]  # the only address is AT 4020
    assert said(anna) == []
    assert [line["code"] for line in refused(anna)] == ["ship_to_region"]


@pytest.mark.django_db
@pytest.mark.req("ENT-15")
def test_a_restriction_binds_whom_it_names_on_its_days(anna, clara, acid, adr, time_machine):
    time_machine.move_to(NOON, tick=False)
    for member in (anna, clara):
        fill(member, ACID=5)
    rule = restrict(
        kind="quantity", max_quantity=Decimal(1), period="order", product=acid, company=anna.company
    )

    bound = {"anna": len(said(anna)), "clara": len(said(clara))}
    rule.valid_until = NOON.date()
    rule.save()

    assert bound == {"anna": 1, "clara": 0}
    assert said(anna) == []


@pytest.fixture
def vouched(anna, acid, adr, monkeypatch):
    """Acme's licence is vouched for by the ERP, whose word on licences may be an hour old."""
    monkeypatch.setattr(freshness, "_limits", {"licences": timedelta(hours=1)})
    restrict(kind="licence", licence_kind=adr, product=acid)
    now = datetime.now(UTC)
    return Licence.objects.create(company=anna.company, kind=adr, number="L-1", system="erp", as_of=now)


def silent(key="ACID/piece"):
    """The ERP was asked for a price when the order was sent, and did not answer."""
    return Decision(
        kind=LiveKind.PRICE,
        key=key,
        situation=Situation.UNHEARD,
        rule=LiveRule.LAST_KNOWN,
        policy=1,
        at=datetime.now(UTC),
        why="timeout",
    )


@pytest.mark.django_db
@pytest.mark.req("ENT-16")
def test_a_fresh_word_of_the_erp_on_a_licence_lets_the_order_go(anna, vouched):
    order = order_now(anna, ACID=1)

    assert order.status == OrderStatus.RECEIVED
    assert order.live_checks == []


@pytest.mark.django_db
@pytest.mark.req("ENT-16")
def test_an_order_is_held_while_the_erps_word_on_a_licence_is_too_old(anna, vouched):
    vouched.as_of = datetime.now(UTC) - timedelta(hours=2)
    vouched.save()

    order = order_now(anna, ACID=1)

    [doubt] = decisions_of(order.live_checks)
    assert order.status == OrderStatus.ON_HOLD
    assert (doubt.kind, doubt.key, doubt.is_held) == ("eligibility", "ACID", True)
    assert Case.objects.get().subject == order.subject
    assert "Eligibility of ACID" in Case.objects.get().cause


@pytest.mark.django_db
@pytest.mark.req("ENT-16")
@pytest.mark.parametrize(("system", "status"), [("erp", "on_hold"), ("us", "received")])
def test_an_order_is_held_when_the_erp_is_down_at_submission_unless_we_saw_the_paper(
    anna, vouched, system, status
):

    Licence.objects.update(system=system)
    line = DraftLine(
        product_id=ProductRestriction.objects.get().product_id,
        unit_key="piece",
        quantity=Decimal(1),
        unit_price=Decimal(1),
        tax_code="standard",
        tax_percent=Decimal(20),
    )
    draft = OrderDraft(anna.company.pk, "api", "1:a", (line,), "acme-1", decisions=(silent(),))

    order = place_order(draft, by=anna.actor)

    page = anna.signed_in().get(f"/orders/{order.number}/").content.decode()
    assert order.status == status
    assert ("Our sales team asks for your licence" in page or "Our sales team looks at it first" in page) is (
        system == "erp"
    )


@pytest.mark.django_db
def test_a_cart_takes_the_same_statements_for_any_number_of_restrictions(
    anna, adr, django_assert_max_num_queries
):
    for nth in range(20):
        item = sell(f"P{nth}")
        restrict(kind="licence", licence_kind=adr, product=item)
        restrict(kind="quantity", max_quantity=Decimal(1), period="month", category=item.category)
        restrict(kind="forbidden_place", country="CH", product=item, segment="country:AT")
    fill(anna, **{f"P{nth}": 1 for nth in range(20)})
    cart = cart_for(anna.scope)

    with django_assert_max_num_queries(18):
        sheet = cart_sheet(cart, anna.scope)

    assert {refusal.code for refusal in sheet.refusals} == {"licence_required"}


@pytest.mark.django_db
@pytest.mark.req("ENT-16", "APR-07")
def test_an_approved_order_is_held_when_the_word_on_its_licence_has_grown_too_old_meanwhile(
    anna, boris, vouched
):
    memberships = type(anna.user).objects.get(pk=anna.user.pk).memberships
    memberships.update(order_limit=Decimal(0))
    order = order_now(anna, ACID=1)
    waiting = order.status
    vouched.as_of = datetime.now(UTC) - timedelta(hours=2)
    vouched.save()

    approved = approve_order(order, by=boris.actor)

    approved.refresh_from_db()
    assert waiting == OrderStatus.PENDING_APPROVAL
    assert approved.status == OrderStatus.ON_HOLD
    assert [one.kind for one in decisions_of(approved.live_checks)] == ["eligibility"]
