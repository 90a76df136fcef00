"""Every address of the portal and the API, as somebody who has no business there.

The list of addresses comes from the URL configuration: one with a parameter that has no entry in MINE, and one
that is for strangers without an entry in OPEN, fail here until somebody has said whose it is (failure bank 1, 2).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.actions.granting import Place
from accounts.actions.invitations import invite_member
from accounts.actions.proposals import propose_address
from accounts.actions.roles import compose_role
from accounts.models import Company
from accounts.staff import SALES
from orders.actions.cart import CartItem, add_line
from orders.actions.invoices import apply_invoice
from orders.approval_links import Asked, word_of
from orders.queries.cart import cart_for
from orders.records import InvoiceLineRecord, InvoiceRecord
from portal.access import ROUTES as ACCESS
from tests.accounts.test_propose_address import WISH
from tests.arranged import arranged
from tests.conftest import Member, employ, enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.catalog import MORNING
from tests.factories.orders import by_erp, order_now, sell
from tests.factories.quotes import ask, offer

pytestmark = pytest.mark.django_db

# Addresses that answer a stranger, and why.
OPEN = {
    "portal:healthz": "for the proxy; tells no business",
    "portal:components": "shows invented data, in development and demo alone",
    "portal:mail-list": "the demo's mails, in the demo alone",
    "portal:mail-detail": "the demo's mails, in the demo alone",
    "portal:mail-html": "the demo's mails, in the demo alone",
    "inbound": "believes what another system has signed alone; see tests/api/test_inbound.py",
    "root": "leads on to the start page",
    "portal:company-sign-in": "leads an address to its provider; see tests/portal/test_company_sign_in.py",
    "portal:company-sign-in-done": "believes a signed token alone; see tests/portal/test_company_sign_in.py",
    "portal:join": "opens by the signed word of an invitation alone; see tests/accounts/test_members.py",
    "portal:register": "lets a company ask; see tests/portal/test_register.py",
    "portal:register-thanks": "the same words for everybody",
    "portal:register-confirm": "opens by the signed word of a registration alone; see tests/accounts/test_registrations.py",
}
# A line that is gone, whoever's it was, leads back to the own cart: a second click is no error.
QUIET = {"portal:cart-line-change", "portal:cart-line-remove"}
# What everybody who is signed in may open, with these values for the parameters: the catalogue is common.
COMMON = {"slug": "screws", "sku": "S-1", "reference": "drawings/none.svg"}


def routes(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, list[str]]]:
    """(name, names of parameters) of every address but the back office and the sign-in library's."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace in {"portal", "api"} or not (pattern.namespace or str(pattern.pattern)):
                inner = f"{pattern.namespace}:" if pattern.namespace else space
                yield from routes(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{space}{pattern.name}", re.findall(r"<(?:\w+:)?(\w+)>", str(pattern.pattern))


ROUTES = dict(routes(get_resolver().url_patterns))
OWNED = {
    name: parameters
    for name, parameters in ROUTES.items()
    if set(parameters) - set(COMMON) and name not in OPEN
}
LISTS = [name for name, parameters in ROUTES.items() if not parameters and name not in OPEN]


@dataclass(frozen=True)
class Arrangement:
    """Who takes part, and where Acme's documents are found: {prefix of the route: value}."""

    anna: Member
    clara: Member
    mine: dict[str, object]


def two_companies() -> Arrangement:
    """One of each kind of Acme's documents, and somebody of another company."""
    acme, other = with_address("ACME", "Acme Works"), with_address("OTHER", "Other Ltd")
    anna, clara = enrol("Anna", acme, "buyer"), enrol("Clara", other, "buyer", "approver", "administrator")
    sam = employ("Sam", SALES)
    Company.objects.filter(pk=acme.pk).update(sales_rep=sam.user)
    CreditAccountFactory(company=anna.company, limit_amount=Decimal(100_000))
    for sku in ("S-1", "S-2", "S-3", "S-4"):
        sell(sku, "1.00")
    order = order_now(anna, choice={"po_number": "ACME-PO-4711"}, **{"S-1": 3})
    invoice = apply_invoice(
        InvoiceRecord(
            erp_id="i1",
            number="2026-00001",
            kind="invoice",
            company_number="ACME",
            order_numbers=(order.number,),
            currency="EUR",
            net_amount=Decimal("3.00"),
            tax_amount=Decimal("0.60"),
            gross_amount=Decimal("3.60"),
            open_amount=Decimal("3.60"),
            status="open",
            issued_on=MORNING.date(),
            version="1",
            as_of=MORNING,
            lines=(
                InvoiceLineRecord(
                    position=1,
                    order_number=order.number,
                    order_line_position=1,
                    sku="S-1",
                    quantity=Decimal(3),
                    unit_code="C62",
                    unit_price=Decimal("1.00"),
                    net_amount=Decimal("3.00"),
                ),
            ),
        ),
        by=by_erp(),
    )
    assert invoice
    quote = offer(anna, sam, **{"S-2": 5})
    rfq = ask(anna, **{"S-3": 7})
    add_line(anna.scope, CartItem("S-4", Decimal(2), "piece"), by=anna.actor)
    line = cart_for(anna.scope).lines.get()
    ada = enrol("Ada", anna.company, "administrator")
    invitation = invite_member(anna.company, "nina@acme.example", "", Place(("buyer",)), by=ada.actor)
    role = compose_role(anna.company, "Workshop", {"see_orders": 1}, by=ada.actor)
    proposal = propose_address(anna.company, WISH, by=anna.actor)
    mine = {
        "member": anna.scope.membership_id,
        "invitation": str(invitation.key),
        "role": role.pk,
        "address": anna.company.addresses.get().erp_id,
        "proposal": proposal.key,
        "order": order.number,
        "approval": word_of(Asked(order.number, 1)),
        "invoice": "2026-00001",
        "quote": quote.number,
        "rfq": rfq.number,
        "cart": line.pk,
    }
    return Arrangement(anna, clara, mine)


def with_address(number: str, name: str) -> Company:
    """A company with the one address that goods and invoices go to."""
    company = CompanyFactory(number=number, name=name)
    AddressFactory(company=company, erp_id=f"{number.lower()}-1")
    return company


arrangement = arranged(two_companies)


@pytest.fixture
def anna(arrangement):
    """Buys for Acme."""
    return arrangement().anna


@pytest.fixture
def clara(arrangement):
    """Buys, approves and administers for another company."""
    return arrangement().clara


@pytest.fixture
def mine(arrangement):
    """Where Acme's documents are found."""
    return arrangement().mine


def address(name: str, values: dict[str, object]) -> str:
    """The address of one of Acme's documents under a route. A route for which there is none fails."""
    kind = name.partition(":")[2].partition("-")[0]
    assert kind in values, f"{name} has parameters: say in this test whose document it shows"
    return reverse(name, args=[values[kind]])


def everything() -> dict[str, object]:
    """All rows of every table of ours, as the database has them."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in {"sessions", "axes", "django_q", "auth", "contenttypes"}:
                continue
            table = model._meta.db_table
            cursor.execute(f"SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM \"{table}\" AS t")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found


# Signing in and being refused leave these marks, and must.
MARKS = {"accounts_user", "accounts_historicaluser", "core_refusal"}


def changed(before: dict[str, object]) -> list[str]:
    """The tables that are not as they were."""
    return [table for table, rows in everything().items() if rows != before[table] and table not in MARKS]


def test_there_are_addresses_to_try():
    assert len(OWNED) >= 15
    assert len(LISTS) >= 10


@pytest.mark.req("SEC-13")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", OWNED)
def test_a_foreign_document_is_like_one_that_does_not_exist_and_stays_as_it_is(mine, clara, name, method):
    browser = clara.signed_in()
    nothing = {kind: 999_999_999 if isinstance(value, int) else "Z-999999999" for kind, value in mine.items()}
    nothing["invitation"] = str(uuid4())
    browser.get(reverse("portal:home"))
    before = everything()

    foreign = getattr(browser, method)(address(name, mine))
    unknown = getattr(browser, method)(address(name, nothing))

    assert foreign.status_code == unknown.status_code
    is_step = (
        method == "get" and "GET" not in ACCESS[name].methods
    )  # leads to the page of its form, whatever it names
    assert foreign.status_code in ({302, 404, 405, 422} if name in QUIET or is_step else {404, 405})
    assert led_to(foreign, mine) == led_to(unknown, nothing)
    assert told(foreign, address(name, mine), mine) == told(unknown, address(name, nothing), nothing)
    # A cart of one's own may be made by it, and the state of carts gets a new name.
    own_cart = {"orders_cart", "core_generation"} if name in QUIET else set()
    assert set(changed(before)) <= own_cart


def led_to(answer, values: dict[str, object]) -> str:
    """Where an answer leads, without the keys that were asked for."""
    place = answer.headers.get("Location", "")
    for value in values.values():
        place = place.replace(f"/{value}/", "/…/")
    return place


def told(answer, path: str, values: dict[str, object]) -> str:
    """What an answer says to the person, without the address and the number that were asked for."""
    text = answer.content.decode()
    text = text[text.find("<main") : text.find("</main")] if "<main" in text else text
    for word in (path, *(value for value in values.values() if isinstance(value, str))):
        text = text.replace(word, "…")
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", text)


@pytest.mark.req("SEC-13")
@pytest.mark.parametrize("name", LISTS)
def test_no_list_page_or_search_tells_anything_of_another_company(mine, clara, name):
    browser = clara.signed_in()

    body = b"".join(
        browser.get(reverse(name), query).content
        for query in ({}, {"q": "ACME-PO-4711"}, {"q": mine["order"]})
    ).decode()

    without_question = body.replace(f'value="{mine["order"]}"', "").replace('value="ACME-PO-4711"', "")
    for secret in ("Acme", "2026-00001", mine["quote"], mine["rfq"]):
        assert secret not in without_question
    assert reverse("portal:order-detail", args=[mine["order"]]) not in body


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [name for name in ROUTES if name not in OPEN])
def test_a_stranger_gets_nothing_and_changes_nothing(mine, client, name, method):
    parameters = ROUTES[name]
    common = not set(parameters) - set(COMMON)
    path = reverse(name, args=[COMMON[key] for key in parameters]) if common else address(name, mine)
    before = everything()

    answer = getattr(client, method)(path)

    if answer.status_code == 302:
        assert answer.url.startswith(reverse("account_login"))
    else:
        assert answer.status_code in {401, 403, 404, 405}
        assert b"Acme" not in answer.content
    assert changed(before) == []


@pytest.mark.parametrize("name", [name for name in ROUTES if name not in OPEN])
def test_a_person_without_a_company_sees_nothing_of_anybody(mine, anna, name):
    browser = anna.signed_in()
    anna.user.memberships.update(is_active=False)
    parameters = ROUTES[name]
    common = not set(parameters) - set(COMMON)
    path = reverse(name, args=[COMMON[key] for key in parameters]) if common else address(name, mine)

    answer = browser.get(path)

    assert answer.status_code in {200, 302, 403, 404, 405, 409, 422}
    for secret in ("Acme", "2026-00001", "ACME-PO-4711", str(mine["quote"])):
        assert secret.encode() not in answer.content.replace(path.encode(), b"")
