"""Who may write what: every field and every foreign writer, each flow within its rights, no echo."""

import itertools
from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.actions import erp as accounts
from accounts.actions.contacts import note_contacts_sent
from accounts.actions.licences import apply_licences
from accounts.actions.opening import note_company_refused
from accounts.actions.proposing import refuse_proposal
from catalog.actions.categories import apply_categories
from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.actions.stock import apply_stock, apply_warehouses
from core import ownership, refusals
from core.actor import Actor
from core.errors import NotOwner
from core.models import Event, Refusal
from integrations import delivery, feeds
from integrations.batches import Batch
from integrations.dispatch import ROUTES
from integrations.flows import FLOWS
from integrations.inbox import KINDS
from integrations.models import Delivery
from integrations.rights import RIGHTS
from integrations.rules import own_channels
from integrations.running import run_flow
from integrations.systems import flow_actor
from orders.actions.erp import apply_order_status, confirm_order
from orders.actions.invoices import apply_invoice
from orders.actions.shipments import apply_shipment
from pricing.actions.lists import apply_assignments, apply_costs, apply_price_lists, apply_tax_rates
from pricing.actions.prices import RunScope, apply_prices
from pricing.models import PriceRow
from pricing.records import PriceRecord
from tests.factories.catalog import StockLevelFactory
from tests.factories.integrations import happen_bare

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OWNED = [
    (model, field, owner)
    for model, fields in ownership.declared().items()
    if not model.startswith("tests.")
    for field, owner in fields.items()
]
WRITERS = {
    "form": Actor("portal", "Anna"),
    "admin": Actor("admin", "Otto"),
    "api": Actor("api", "Anna"),
    "import": Actor("job:import", "Accord"),
    "erp": flow_actor("erp.test"),
    "pim": flow_actor("pim.test", system="pim"),
    "unknown": flow_actor("erp.nobody"),
}


@pytest.mark.req("INT-02", "SEC-02")
@pytest.mark.django_db
@pytest.mark.parametrize("writer", WRITERS)
def test_every_owned_field_refuses_every_foreign_writer_and_the_attempt_is_kept(writer):
    by = WRITERS[writer]
    foreign = [
        (model, field) for model, field, owner in OWNED if owner != by.system or by.channel.endswith("nobody")
    ]

    for model, field in foreign:
        with pytest.raises(NotOwner) as refusal:
            ownership.check(by, model, [field])
        refusals.keep(refusal.value, by=by)

    assert len(foreign) > 10
    kept = Refusal.objects.filter(code="not_owner", channel=by.channel)
    assert sorted((row.details["model"], *row.details["fields"]) for row in kept) == sorted(foreign)
    for model, field, owner in OWNED:
        if (model, field) not in foreign:
            assert owner == by.system
            ownership.check(by, model, [field])


# Every action that takes what another system owns, with the flow whose word it is.
TAKES = {
    "erp.terms": lambda by: accounts.apply_payment_terms([], by=by),
    "erp.customers": lambda by: accounts.apply_customers([], by=by),
    "erp.credit": lambda by: accounts.apply_credit([], by=by),
    "erp.licences": lambda by: apply_licences([], by=by),
    "erp.taxes": lambda by: apply_tax_rates([], by=by),
    "erp.warehouses": lambda by: apply_warehouses([], by=by),
    "erp.products": lambda by: apply_products([], by=by),
    "erp.stock": lambda by: apply_stock([], by=by),
    "erp.price-lists": lambda by: apply_price_lists([], by=by),
    "erp.assignments": lambda by: apply_assignments([], by=by),
    "erp.prices": lambda by: apply_prices(
        [], by=by, flow="erp.prices", as_of=NOON, scope_of_run=RunScope(full_lists=frozenset())
    ),
    "erp.costs": lambda by: apply_costs([], by=by),
    "erp.order-states": lambda by: apply_order_status(None, by=by),
    "erp.shipments": lambda by: apply_shipment(None, by=by),
    "erp.invoices": lambda by: apply_invoice(None, by=by),
    "erp.customers-out": lambda by: note_company_refused("N1", "", by=by),
    "erp.addresses-out": lambda by: refuse_proposal(1, "", by=by),
    "erp.contacts-out": lambda by: note_contacts_sent(1, at=NOON, by=by),
    "erp.orders-out": lambda by: confirm_order("SO-1", None, by=by),
    "pim.categories": lambda by: apply_categories([], by=by),
    "pim.content": lambda by: apply_content([], by=by),
}
# What is asked live is taken by the action of what is read.
LIVE = {"erp.live-stock", "erp.live-credit"}
# A supplier's file comes by the actions of the ERP's facts, into lists and levels of its own.
SUPPLIED = {"supplier.prices", "supplier.stock"}
# Flows that bring parts of the same thing have a right to it in common.
ALIKE = [
    {"erp.stock", "erp.live-stock", "supplier.stock"},
    {"erp.price-lists", "supplier.prices"},
    {"erp.assignments", "supplier.prices"},
    {"erp.prices", "supplier.prices"},
    {"erp.credit", "erp.live-credit"},
    {"erp.products", "pim.content"},
    {"erp.customers", "erp.addresses-out", "erp.contacts-out", "erp.customers-out"},
    {"erp.customers-out", "erp.live-credit"},
    {"erp.order-states", "erp.shipments", "erp.invoices", "erp.orders-out"},
]


@pytest.mark.req("SEC-01", "SEC-02", "INT-02")
@pytest.mark.django_db
@pytest.mark.parametrize("flow", TAKES)
def test_an_action_is_refused_to_every_flow_but_the_one_that_brings_its_facts(flow):
    others = [
        flow_actor(name, system=name.partition(".")[0])
        for name in RIGHTS
        if name != flow and not any({name, flow} <= group for group in ALIKE)
    ]
    people = [WRITERS["form"], WRITERS["admin"], WRITERS["api"], WRITERS["import"]]

    for by in [*others, *people, WRITERS["unknown"]]:
        with pytest.raises(NotOwner):
            TAKES[flow](by)

    assert len(others) > 10


@pytest.mark.req("SEC-01")
def test_each_flow_has_an_identity_and_rights_of_its_own():
    assert {name for name, flow in FLOWS.items() if flow.writes} == set(RIGHTS) == {*TAKES, *LIVE, *SUPPLIED}
    assert {kind.flow for kind in KINDS.values()} <= set(FLOWS)
    channels = [flow_actor(name).channel for name in RIGHTS]
    assert len(set(channels)) == len(channels)
    for name, models in RIGHTS.items():
        assert ownership.rights_of(f"flow:{name}") == set(models)
        owned = {(model, owner) for model, _field, owner in OWNED}
        assert {(model, flow_actor(name, system=FLOWS[name].system).system) for model in models} <= owned
    assert ownership.rights_of("flow:erp.nobody") == frozenset()


@pytest.mark.req("SEC-02")
@pytest.mark.django_db
def test_the_stock_connector_cannot_write_a_price(monkeypatch):
    price = PriceRecord(price_list_code="LP", sku="X-1", unit_price="1")

    def greedy(reading):
        batch = Batch(as_of=NOON, records=[price])
        return feeds._taken(batch, feeds._prices, reading, calls=1)

    flow = FLOWS["erp.stock"]
    monkeypatch.setitem(FLOWS, flow.name, type(flow)(**{**vars(flow), "feed": greedy}))

    run = run_flow("erp.stock", is_asked=True)

    assert "flow:erp.stock has no right to write pricing.PriceRow" in run.error
    assert not PriceRow.objects.exists()
    kept = Refusal.objects.get()
    assert (kept.code, kept.channel, kept.source) == ("not_owner", "flow:erp.stock", "erp")
    assert kept.details["model"] == "pricing.PriceRow"


REGISTERED = {model._meta.label: model for model in admin.site._registry}
SHOWN = sorted({model for model, _f, owner in OWNED if owner != ownership.US} & set(REGISTERED))


@pytest.mark.req("INT-02")
@pytest.mark.django_db
@pytest.mark.parametrize("label", SHOWN)
def test_no_form_of_the_back_office_takes_a_field_that_another_system_owns(label, otto):
    site = admin.site._registry[REGISTERED[label]]
    request = type("Request", (), {"user": otto.user, "actor": otto.actor, "method": "GET", "GET": {}})()

    writable = set()
    if site.has_change_permission(request):
        form = site.get_form(request, None)
        writable = set(form.base_fields) - set(site.get_readonly_fields(request, None))

    assert not {name for name in writable if ownership.owner_of(label, name) != ownership.US}
    answer = otto.signed_in().post(reverse(f"admin:{label.replace('.', '_').lower()}_add"), {"name": "MINE"})
    assert answer.status_code in (302, 403, 409, 422)
    assert not REGISTERED[label].objects.exists()


@pytest.mark.req("INT-02")
@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "post", "patch", "delete"])
def test_the_api_writes_no_price_and_keeps_the_attempt(method, anna):
    level = StockLevelFactory()

    answer = getattr(anna.signed_in(), method)(f"/api/v1/products/{level.product.sku}/price/")

    assert answer.json()["code"] in ("not_owner", "not_found")
    if answer.json()["code"] == "not_owner":
        assert Refusal.objects.get().details["model"] == "pricing.PriceRow"
    assert not PriceRow.objects.exists()


@pytest.mark.req("INT-04")
@pytest.mark.parametrize(
    ("channel", "is_own"),
    [
        ("flow:erp.order-states", True),
        ("flow:pim.content", False),
        ("flow:erpx.orders", False),
        ("portal", False),
        ("job:relay", False),
    ],
)
def test_a_channel_is_a_systems_own_by_its_name_alone(channel, is_own):
    assert channel.startswith(own_channels("erp")) is is_own


@pytest.mark.req("INT-04")
@pytest.mark.django_db(transaction=True)
def test_what_came_from_the_erp_is_never_sent_back_to_it():
    flows = [name for name in RIGHTS if name.startswith("erp.")]
    for number, (name, flow) in enumerate(itertools.product(ROUTES, flows)):
        happen_bare(f"order:{number}", name, by=flow_actor(flow))
    own = happen_bare("order:own", "order.cancelled")

    delivery.fan_out()

    to_erp = Delivery.objects.filter(system="erp")
    assert [row.event_id for row in to_erp] == [own.pk]
    told = Delivery.objects.filter(system="mail").exclude(event=own).count()
    assert told == len(flows) * sum("mail" in names for names in ROUTES.values())
    assert not Event.objects.filter(dispatched_at=None).exists()
