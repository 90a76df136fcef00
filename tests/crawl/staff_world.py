"""What the crawler of the back office walks through: the buyers' world, and a row of every model at two customers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model
from django.utils import timezone

from accounts import staff
from accounts.models import (
    Assistance,
    Company,
    Licence,
    LicenceKind,
    Registration,
    Segment,
    SignInConnection,
    SignInIdentity,
    User,
)
from accounts.queries.scopes import scope_for
from catalog.models import (
    Allocation,
    Assortment,
    Category,
    Product,
    ProductRestriction,
    StockLevel,
    Warehouse,
)
from core.actor import Actor
from core.cases import CaseFacts, open_case
from core.models import AuditEntry, Conflict, Event, Refusal, RowChange
from integrations.models import (
    Delivery,
    FlowRun,
    FlowState,
    InboxMessage,
    Process,
    RejectedRow,
    System,
    SystemWindow,
)
from integrations.playbooks import all_playbooks
from orders.actions.policy import PolicyDraft, draft_policy
from orders.models import ApprovalRequest, CachedCredit, CheckoutPolicy, Invoice, Order, Shipment
from pricing.models import PriceListAssignment, PricePolicy, PriceRow, PriceRun, TaxRate
from quotes.models import QuotePolicy, Rfq
from tests.conftest import Member, employ
from tests.crawl.world import World, furnished
from tests.factories.accounts import CompanyFactory, PaymentTermFactory, UserFactory
from tests.factories.approvals import BudgetFactory, asks, rule_of
from tests.factories.quotes import begin, costs, offer, submit
from tests.factories.quotes import policy as quote_policy

OURS, THEIRS, ANY = "own", "foreign", "any"
TRACE = {"actor_label": "somebody", "channel": "portal", "source": "us", "correlation_id": "c-1"}


@dataclass(frozen=True)
class StaffRole:
    """Somebody who tries the back office. name: of the role in accounts/staff.py, or what else the person is."""

    name: str
    is_superuser: bool = False


SUPERUSER, NONE, BUYER, PAST = "superuser", "none", "buyer", "former partner"


@dataclass
class StaffWorld:
    """rows: {model's label: {place: (id, key as an own page names it)}}; pages: {own page: {place: key}}.

    words: what of a place only those may read who meet its customer. people: who walks, by role.
    """

    world: World
    rows: dict[str, dict[str, tuple[object, object]]]
    pages: dict[str, dict[str, object]]
    words: dict[str, set[str]]
    people: dict[str, Member]


@contextmanager
def staffed() -> Iterator[StaffWorld]:
    """The world with its staff; belongs into a transaction that is rolled back."""
    with furnished() as world:
        yield _staffed(world)


def _staffed(world: World) -> StaffWorld:
    people = _people(world)
    seller, boss = people[staff.SALES], people[staff.SALES_MANAGER]
    other = employ("Olga", staff.SALES)
    Company.objects.update(sales_rep=other.user)
    Company.objects.filter(pk__in=[world.companies[place].pk for place in ("own", "child")]).update(
        sales_rep=seller.user
    )
    rows: dict[str, dict[str, tuple[object, object]]] = {}
    pages: dict[str, dict[str, object]] = {}
    for place, person in ((OURS, seller), (THEIRS, other)):
        _documents(world, place, person, boss, rows, pages)
        _entitlements(world, place, rows)
    _common(world, boss, rows, pages)
    words: dict[str, set[str]] = {}
    for place, thing in world.all_things():
        if thing.kind not in ("product", "category", "media"):
            words.setdefault("own" if place == "mine" else place, set()).update(thing.words)
    for place in ("foreign", "sibling"):
        words[place] |= {
            world.companies[place].name,
            f"gate {place}",
            f"LIC-{place}-4711",
            f"ASSORT-{place}",
            f"Assorted-{place}",
        }
    words["foreign"] |= {
        "Provider-foreign-4711",
        "Applicant-foreign-4711",
        "Rule-foreign-4711",
        "Budget-foreign-4711",
    }
    words["foreign"] |= {"AGREED-FOREIGN", "SHIP-foreign-4711", *(str(key) for key in _keys(rows, THEIRS))}
    return StaffWorld(world, rows, pages, words, people)


def _keys(rows: dict[str, dict[str, tuple[object, object]]], place: str) -> Iterator[object]:
    for label in ("orders.Order", "quotes.Rfq", "quotes.Quote"):
        yield rows[label][place][1]


def _people(world: World) -> dict[str, Member]:
    found = {role: employ(f"S-{number}", role) for number, role in enumerate(staff.ROLES)}
    for role, ends in ((staff.PARTNER, timedelta(days=3)), (PAST, -timedelta(minutes=1))):
        found[role] = employ(f"S-{role.replace(' ', '-')}", staff.PARTNER)
        User.objects.filter(pk=found[role].user.pk).update(
            access_until=timezone.now() + ends, access_customers=[world.companies["own"].number]
        )
        found[role].user.refresh_from_db()
    found[NONE] = employ("S-none")
    found[SUPERUSER] = employ("S-super")
    User.objects.filter(pk=found[SUPERUSER].user.pk).update(is_superuser=True)
    found[SUPERUSER].user.refresh_from_db()
    found[BUYER] = world.walker
    return found


def _documents(world: World, place: str, seller: Member, boss: Member, rows: Any, pages: Any) -> None:
    things, company = world.things[place], world.companies[place]
    order = Order.objects.get(number=things["order"].key)
    invoice = Invoice.objects.get(number=things["invoice"].key)
    rfq = Rfq.objects.get(number=things["rfq"].key)
    shipment = Shipment.objects.create(
        order=order, number=f"SHIP-{place}-4711", erp_id=f"s-{place}", status="planned", version="1",
        as_of=timezone.now(),
    )  # fmt: skip
    member = User.objects.get(email=f"vera-{place}@{company.number.lower()}.example")
    buyer_user = User.objects.get(email=f"bodo@{company.number.lower()}.example")
    by = Actor("portal", str(buyer_user), user_id=buyer_user.pk, on_behalf_of=company.number)
    buyer = Member(buyer_user, company, scope_for(buyer_user.pk, company.pk), by)
    offered, drafted = offer(buyer, seller, **{"S-2": 3}), begin(buyer, seller, **{"S-2": 4})
    quote_policy(max_net_amount=Decimal(1))
    pending = submit(begin(buyer, seller, **{"S-2": 5}), seller)
    quote_policy()
    acted = Assistance.objects.create(
        user=seller.user, company=company, principal=buyer_user, reason=f"asked-{place}-4711",
        started_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    credit = CachedCredit.objects.create(company=company, amount=Decimal(5), note=f"note-{place}")
    price = PriceRow.objects.get(price_list__code=f"AGREED-{company.number}", product__sku="S-1")
    given = PriceListAssignment.objects.get(price_list=price.price_list, company=company)
    found = {
        "accounts.Company": (company.pk, company.pk),
        "accounts.User": (member.pk, member.pk),
        "accounts.Assistance": (acted.pk, acted.pk),
        "orders.Order": (order.pk, order.number),
        "orders.Shipment": (shipment.pk, shipment.pk),
        "orders.Invoice": (invoice.pk, invoice.pk),
        "orders.CachedCredit": (credit.pk, credit.pk),
        "pricing.PriceListAssignment": (given.pk, given.pk),
        "pricing.PriceList": (price.price_list_id, price.price_list_id),
        "pricing.PriceRow": (price.pk, price.pk),
        "quotes.Rfq": (rfq.pk, rfq.number),
        "quotes.Quote": (offered.pk, offered.number),
    }
    for row in _asked(place, company, seller, order, member):
        found[type(row)._meta.label] = (row.pk, row.pk)
    for label, row in found.items():
        rows.setdefault(label, {})[place] = row
    for page in ("save", "send"):
        pages.setdefault(f"quotes_quote_{page}", {})[place] = drafted.number
    for page in ("approval", "approve", "return", "back"):
        pages.setdefault(f"quotes_quote_{page}", {})[place] = pending.number


def _asked(place: str, company: Company, seller: Member, order: Order, member: User) -> list[Model]:
    """A registration, a provider of sign-ins with somebody linked, and what approvals go by."""
    connection = SignInConnection.objects.create(
        key=f"idp-{place}", company=company, name=f"Provider-{place}-4711", issuer=f"https://{place}.example",
        client_id="accord",
    )  # fmt: skip
    registration = Registration.objects.create(
        company_name=f"Applicant-{place}-4711", country="AT", tax_id="ATU00000000", street="Ring 1",
        postal_code="4020", city="Linz", person_name="Nina", email=f"nina@new-{place}.example",
        expires_at=timezone.now(), confirmed_at=timezone.now(), state="waiting",
        sales_rep=seller.user if place == OURS else None,
    )  # fmt: skip
    return [
        connection,
        SignInIdentity.objects.create(connection=connection, user=member, subject=f"sub-{place}-4711"),
        registration,
        ApprovalRequest.objects.get(order=order),
        rule_of(company, asks(), code=f"rule-{place}", name=f"Rule-{place}-4711"),
        BudgetFactory(company=company, name=f"Budget-{place}-4711"),
    ]


def _entitlements(world: World, place: str, rows: Any) -> None:
    company = world.companies[place]
    made = Assortment.objects.get(code=f"RANGE-{place}")
    Assortment.objects.filter(pk=made.pk).update(code=f"ASSORT-{place}", name=f"Assorted-{place}")
    rule, given = made.rules.first(), made.assignments.first()
    kind, _new = LicenceKind.objects.get_or_create(code="gas", defaults={"name": "Gas"})
    licence = Licence.objects.create(company=company, kind=kind, number=f"LIC-{place}-4711")
    limit = ProductRestriction.objects.create(
        kind="quantity", product=Product.objects.get(sku="S-1"), company=company, max_quantity=5,
        period="order", note=f"limit-{place}-4711",
    )  # fmt: skip
    for row in (made, rule, given, licence, limit):
        rows.setdefault(type(row)._meta.label, {})[place] = (row.pk, row.pk)


def _common(world: World, boss: Member, rows: Any, pages: Any) -> None:
    now, company = timezone.now(), world.companies["foreign"]
    system = Actor("flow:erp.test", "ERP", system="erp")
    case = open_case("order_stuck", f"order:{world.things['foreign']['order'].key}",
                     CaseFacts("stuck", company=company.number), by=system)  # fmt: skip
    event = Event.objects.order_by("pk").first()
    assert event is not None
    delivery = Delivery.objects.create(
        event=event, destination="mail", subject=event.subject, sequence=event.sequence, next_try_at=now,
        state="buried",
    )  # fmt: skip
    for number in ("PAIR-1", "PAIR-2"):
        CompanyFactory(number=number, tax_id="ATU47114711")
    Group.objects.get(name=staff.SALES).user_set.add(UserFactory(is_staff=True))
    draft = draft_policy(
        PolicyDraft(CheckoutPolicy.objects.latest("version").rules, "stricter"), by=boss.actor
    )
    newcomer = employ("Newcomer").user
    first = {
        model: model._base_manager.order_by("pk").first()  # type: ignore[attr-defined]
        for model in (
            Group, AuditEntry, RowChange, Product, Category, Warehouse, StockLevel, Allocation, CheckoutPolicy,
            PriceRun, PricePolicy, TaxRate, QuotePolicy,
        )
    }  # fmt: skip
    made = [
        PaymentTermFactory(),
        LicenceKind.objects.create(code="free", name="Of nobody"),
        Segment.objects.create(kind="region", code="north", name="North"),
        Refusal.objects.create(code="no", message="no", **TRACE),
        Conflict.objects.create(
            model="orders.Order", key="SO-1", field="status", winner="erp", loser="us", rule="erp", **TRACE
        ),
        event, case, delivery,
        Process.objects.create(kind="erp-order", subject=event.subject),
        SystemWindow.objects.create(system="erp", kind="batch", from_at=now, until_at=now + timedelta(hours=1)),
        FlowState.objects.get_or_create(flow="erp.products")[0],
        FlowRun.objects.create(flow="erp.products", started_at=now),
        RejectedRow.objects.create(flow="erp.products", key="1", reason="no", code="no", rejected_at=now),
        InboxMessage.objects.create(system="erp", kind="invoice", message_id="m", key="k", version="1", payload={}),
        System.objects.create(key="erp", kind="erp"),
        costs(Product.objects.get(sku="S-1"), "40.00"),
    ]  # fmt: skip
    keys = {"core.Case": case.number, "integrations.FlowState": "erp.products"}
    for row in (*first.values(), *made):
        label = type(row)._meta.label
        rows[label] = {ANY: (row.pk, keys.get(label, row.pk))}
    version = CheckoutPolicy.objects.get(pk=rows["orders.CheckoutPolicy"][ANY][0]).version
    pages["orders_checkoutpolicy_page"] = pages["orders_checkoutpolicy_restore"] = {ANY: version}
    pages["orders_checkoutpolicy_activate"] = {ANY: draft.version}
    pages["accounts_user_partner"] = pages["accounts_user_roles"] = {OURS: newcomer.pk}
    pages["core_auditentry_cause"] = {ANY: event.correlation_id}
    pages["integrations_playbook"] = {ANY: next(iter(all_playbooks()))}
    pages["app_list"] = {ANY: "accounts"}
