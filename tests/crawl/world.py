"""What the crawler walks through: a family of companies and a foreign one, each with a thing of every kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client, override_settings
from django.urls import reverse

from accounts.actions.granting import Place
from accounts.actions.invitations import invite_member
from accounts.actions.proposals import propose_address
from accounts.actions.roles import compose_role
from accounts.models import Company, CompanyRole, Delegation, Membership, User
from accounts.queries.scopes import scope_for
from catalog.models import Product
from core.actor import Actor
from orders.actions.approval import return_order, stamp_of
from orders.actions.cart import CartItem, add_line
from orders.actions.invoices import apply_invoice
from orders.approval_links import Asked, word_of
from orders.models import ApprovalRequest, CostCentre, Order
from orders.queries.budget import stamp_of as budget_stamp_of
from orders.queries.cart import cart_for
from orders.records import InvoiceLineRecord, InvoiceRecord
from quotes.drafts import Wish
from quotes.models import Rfq
from tests.conftest import Member, employ, enrol
from tests.factories.accounts import AddressFactory, CompanyFactory, CreditAccountFactory
from tests.factories.approvals import BudgetFactory, rule_of
from tests.factories.assortments import assortment, give
from tests.factories.catalog import MORNING, CategoryFactory, MediaFactory
from tests.factories.orders import by_erp, fill, order_now, sell
from tests.factories.quotes import agree, ask, offer

# Where a thing stands, seen from the acting company. "mine" is there, too: the person's own.
PLACES = ("own", "foreign", "mine", "child", "sibling", "parent")
FAMILY = {"parent": "HQ", "own": "UNIT", "sibling": "SISTER", "child": "BRANCH", "foreign": "FOREIGN"}
COMMON = ("S-1", "S-2", "S-3", "S-4")
# What a piece costs each of them: agreed with each, so that an amount tells whose it is.
PRICES = {
    "own": "73.1941", "parent": "57.8377", "sibling": "91.4639", "child": "81.3757", "foreign": "67.6253"
}  # fmt: skip
PRICES["mine"] = PRICES["own"]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ADDRESS = {"street": "Ring 7", "postal_code": "4020", "city": "Linz", "country": "AT", "is_ship_to": "on"}


@dataclass(frozen=True)
class Thing:
    """One thing. key: as an address names it. words: what no page may say to whoever may not see it.

    told_by: the kind of thing that names it, at the same place. address: its own page, "" without one.
    """

    kind: str
    key: object
    company: Company
    words: tuple[str, ...] = ()
    is_own: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    told_by: str = ""
    address: str = ""


@dataclass
class World:
    """The companies by place, the things by place and kind, and the person who walks: a member of "own"."""

    companies: dict[str, Company]
    things: dict[str, dict[str, Thing]]
    walker: Member

    def all_things(self) -> Iterator[tuple[str, Thing]]:
        """Every thing with its place."""
        for place, things in self.things.items():
            for thing in things.values():
                yield place, thing


@contextmanager
def furnished() -> Iterator[World]:
    """A world; belongs into a transaction that is rolled back. The pictures lie in a folder of its own."""
    with TemporaryDirectory() as folder, override_settings(PIM_DROP=folder):
        yield _furnish(Path(folder))


def _furnish(drop: Path) -> World:
    companies: dict[str, Company] = {}
    for place, number in FAMILY.items():
        over = {"own": "parent", "sibling": "parent", "child": "own"}.get(place)
        company = CompanyFactory(
            number=number, name=f"{number} Works", parent=companies[over] if over else None
        )
        AddressFactory(company=company, erp_id=f"{number.lower()}-1", name=f"Gate {number}")
        CreditAccountFactory(company=company, limit_amount=Decimal(100_000))
        companies[place] = company
    products = [sell(sku, "99.1729") for sku in COMMON]
    for place, company in companies.items():
        for product in products:
            agree(company, product, PRICES[place])
    give(assortment("COMMON", *products))
    seller = employ("Sam", "Sales")
    Company.objects.update(sales_rep=seller.user)
    walker = enrol("Uma", companies["own"], "buyer", order_limit=Decimal(0))
    things: dict[str, dict[str, Thing]] = {}
    for place, company in companies.items():
        buyer = enrol("Bodo", company, "buyer", order_limit=Decimal(0))
        over = enrol("Bea", company, "approver")
        things[place] = {
            **_range(place, company, drop, products),
            **_documents(place, company, buyer, seller),
            **_people(place, company, over),
            **_private(place, company, buyer),
            **_spending(place, company),
            "company": Thing("company", company.number, company),
            "address": Thing("address", f"{company.number.lower()}-1", company, values=dict(ADDRESS)),
            "unit": Thing("unit", company.number, company),
        }
    things["mine"] = {
        **_documents("mine", companies["own"], walker, seller, is_own=True),
        **_private("mine", companies["own"], walker, is_own=True),
    }
    return World(companies, things, walker)


def _documents(
    place: str, company: Company, buyer: Member, seller: Member, *, is_own: bool = False
) -> dict[str, Thing]:
    ship_to = f"{company.number.lower()}-1"
    returned = _returned(place, company, buyer, is_own=is_own)
    order = order_now(buyer, choice={"po_number": f"PO-{place}-4711"}, **{"S-1": 7})
    request = ApprovalRequest.objects.filter(order=order).first()
    invoice = _invoice(place, company, order)
    quote = offer(buyer, seller, **{"S-2": 7})
    rfq = _request(buyer, PRICES[place])
    add_line(buyer.scope, CartItem("S-4", Decimal(7), "piece", note=f"note-{place}-4711"), by=buyer.actor)
    line = cart_for(buyer.scope).lines.get()
    answer = {"revision": quote.sent_revision, "ship_to": ship_to, "comment": "again", "reason": "price"}
    decide = {"comment": "as agreed", "reason": "not needed", "seen": stamp_of(request) if request else ""}
    cart = (f"note-{place}-4711",)
    return {
        "returned": returned,
        "order": Thing(
            "order",
            order.number,
            company,
            (order.number, order.po_number),
            is_own,
            decide,
            "invoice",
            reverse("portal:order-detail", args=[order.number]),
        ),
        "approval": Thing("approval", word_of(Asked(order.number, 1)), company, (), is_own),
        "invoice": Thing("invoice", invoice, company, (invoice,), is_own),
        "quote": Thing("quote", quote.number, company, (quote.number,), is_own, answer),
        "rfq": Thing("rfq", rfq.number, company, (rfq.number,), is_own),
        "cart-line": Thing("cart-line", line.pk, company, cart, is_own, {"quantity": "3", "unit": "piece"}),
        **_proposed(place, company, buyer, is_own=is_own),
    }


def _proposed(place: str, company: Company, buyer: Member, *, is_own: bool) -> dict[str, Thing]:
    """A further address that somebody proposed, which waits for its release."""
    wish = {"name": f"Dock-{place}-4711", **ADDRESS, "is_ship_to": True, "is_bill_to": False}
    key = propose_address(company, wish, by=buyer.actor).key
    words = (str(wish["name"]),)
    return {
        "proposal": Thing(
            "proposal", key, company, () if is_own else words, is_own, {"reason": "not needed"}
        ),
        "own-proposal": Thing("own-proposal", key, company, words if is_own else (), is_own),
    }


def _request(buyer: Member, target: str) -> Rfq:
    """A request for quote that names a target price."""
    fill(buyer, **{"S-3": 7})
    line = cart_for(buyer.scope).lines.get()
    return ask(buyer, {"wishes": (Wish(line.pk, Decimal(target), ""),)})


def _returned(place: str, company: Company, buyer: Member, *, is_own: bool) -> Thing:
    """An order that was given back to its buyer."""
    order = order_now(buyer, choice={"po_number": f"PO-{place}-4712"}, **{"S-1": 3})
    boss = User.objects.get(email=f"bea@{company.number.lower()}.example")
    return_order(order, by=Actor("portal", "Bea", user_id=boss.pk), comment="fewer")
    words = (order.number, order.po_number)
    page = reverse("portal:order-detail", args=[order.number])
    return Thing("order", order.number, company, words, is_own, {"quantity_1": "2"}, address=page)


def _private(place: str, company: Company, person: Member, *, is_own: bool = False) -> dict[str, Thing]:
    """What is a person's alone: another place of sign-in, an absence; and the person, to stand in for others."""
    browser = Client()
    browser.force_login(person.user, BACKEND)
    session = UserSession.objects.create(
        user=person.user,
        ip="192.0.2.7",
        session_key=browser.session.session_key,
        user_agent=f"Agent-{place}-4711",
    )
    boss = User.objects.get(email=f"bea@{company.number.lower()}.example")
    days = {"valid_from": MORNING + timedelta(days=900), "valid_until": MORNING + timedelta(days=907)}
    away = Delegation.objects.create(company=company, delegator=person.user, delegate=boss, **days)
    choice = {"starts_on": "2031-05-01", "ends_on": "2031-05-08"}
    return {
        "session": Thing("session", session.pk, company, (session.user_agent,), is_own),
        "delegation": Thing("delegation", away.pk, company, (), is_own),
        "colleague": Thing("colleague", boss.pk, company, (), values=choice),
    }


def _spending(place: str, company: Company) -> dict[str, Thing]:
    """A budget, and a rule with a version in force and a draft; neither ever asks for anything here."""
    budget = BudgetFactory(company=company, name=f"Budget-{place}-4711", amount=None)
    code, limit = f"rule-{place}-4711", [{"kind": "amount", "over": "9000000"}]
    values: dict[str, Any] = {"name": f"Rule-{place}-4711", "conditions": limit, "applies_below": False}
    rule_of(company, code=code, **values)
    rule_of(company, code=code, **{**values, "version": 2, "active_from": None})
    centre = CostCentre.objects.create(
        company=company, code=f"CC-{place}", name="Press line", is_active=False
    )
    wish = {"name": "Next", "amount": "8000000", "who_1": ["right"], "version": "2", "after": "2"}
    spend = {"name": budget.name, "amount": "1000000", "period": "month", "on_exceeding": "approve"}
    return {
        "budget": Thing(
            "budget", budget.pk, company, (budget.name,), values=spend | {"seen": budget_stamp_of(budget)}
        ),
        "cost-centre": Thing("cost-centre", centre.pk, company, values={"name": "Renamed"}),
        "rule": Thing("rule", code, company, (values["name"],), values=wish),
    }


def _invoice(place: str, company: Company, order: Order) -> str:
    number = f"INV-{place}-4711"
    record = InvoiceRecord(
        erp_id=f"i-{place}", number=number, kind="invoice", company_number=company.number,
        order_numbers=(order.number,), currency="EUR", net_amount=order.net_amount, tax_amount=order.tax_amount,
        gross_amount=order.gross_amount, open_amount=order.gross_amount, status="open", issued_on=MORNING.date(),
        version="1", as_of=MORNING,
        lines=(
            InvoiceLineRecord(
                position=1, order_number=order.number, order_line_position=1, sku="S-1", quantity=Decimal(7),
                unit_code="C62", unit_price=Decimal(PRICES[place]), net_amount=order.net_amount,
            ),
        ),
    )  # fmt: skip
    apply_invoice(record, by=by_erp())
    return number


def _people(place: str, company: Company, over: Member) -> dict[str, Thing]:
    admin = enrol("Ada", company, "administrator")
    weak = enrol(f"Vera-{place}", company, "viewer")
    gone = enrol(f"Fred-{place}", company, "viewer", is_active=False)
    invited = f"nina@{place}.example"
    invitation = invite_member(company, invited, "", Place(("viewer",)), by=admin.actor)
    role = compose_role(company, f"Role-{place}-4711", {"view_prices": 2}, by=admin.actor)
    member, former = (Membership.objects.get(user=one.user) for one in (weak, gone))
    chosen = {"roles": ["requester"], "order_limit": "0", "version": member.version, "manager": over.user.pk}
    role_form = {"name": f"Role-{place}-4712", "right_view_prices": "2"}
    return {
        "member": Thing("member", member.pk, company, (weak.user.email,), values=chosen),
        "former": Thing("member", former.pk, company, (gone.user.email,)),
        "invitation": Thing("invitation", invitation.key, company, (invited,)),
        "role": Thing("role", role.pk, company, (role.name,), values=role_form, told_by="member"),
    }


def _range(place: str, company: Company, drop: Path, common: list[Product]) -> dict[str, Thing]:
    """A product that this company alone has, with its category and its picture; the parent's is its branches', too."""
    if place == "parent":
        return {}
    category = CategoryFactory(slug=f"cat-{place}", name=f"Category-{place}-4711")
    product = sell(f"RANGE-{place}", PRICES[place], category=category, name=f"Ranged-{place}-4711")
    give(assortment(f"RANGE-{place}", product, *common), company)
    media = MediaFactory(product=product, reference=f"{place}.svg")
    (drop / f"{place}.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    return {
        "product": Thing("product", product.sku, company, (product.name,)),
        "category": Thing("category", category.slug, company, (category.name,)),
        "media": Thing("media", media.reference, company),
    }


def become(world: World, roles: list[str], grants: dict[str, int]) -> Member:
    """The walker with other roles, and with the rights of a composed role if some are given."""
    member = Membership.objects.get(user=world.walker.user)
    member.roles = roles
    member.save(update_fields=["roles"])
    member.own_roles.clear()
    if grants:
        made = CompanyRole.objects.create(company=member.company, name="The walker's", grants=grants)
        member.own_roles.add(made)
    walker = world.walker
    return Member(walker.user, walker.company, scope_for(walker.user.pk, walker.company.pk), walker.actor)
