"""The events that others may build on: each has a producer, a published form, and is silent without a change."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from jsonschema import Draft202012Validator

from catalog.actions.content import apply_content
from catalog.actions.products import apply_products
from catalog.actions.stock import apply_stock
from catalog.models import Allocation
from catalog.records import ContentRecord, ProductRecord, StockRecord
from core.models import Event
from integrations.contracts.registry import contracts
from orders.actions.cart import CartDetails, LineChange, change_line, clear_cart, remove_line, set_details
from orders.actions.erp import confirm_order
from orders.actions.shipments import apply_shipment
from orders.queries.cart import cart_for
from pricing.actions.lists import apply_price_lists
from pricing.actions.prices import RunScope, apply_prices, undo_run
from pricing.models import PriceRun
from pricing.records import PriceListRecord, PriceRecord
from tests.factories.catalog import MORNING, ProductFactory, StockLevelFactory
from tests.factories.erp_facts import answer, shipment
from tests.factories.orders import fill, open_warehouse, order_now, sell
from tests.factories.pricing import PriceListFactory
from tests.factories.quotes import approve, begin, costs, policy, price, submit

NOON = MORNING + timedelta(hours=4)
PIECE = {"key": "piece", "code": "C62", "numerator": 1, "is_default": True}

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(anna, sam, mona, erp, pim):
    """Who acts, by name."""
    return {"anna": anna, "sam": sam, "mona": mona, "erp": erp, "pim": pim}


def confirmed(cast):
    sell("A1", "1.00")
    order = order_now(cast["anna"], A1=100)
    confirm_order(order.number, answer(order), by=cast["erp"])
    return order


def shipped(cast):
    apply_shipment(shipment(confirmed(cast), {1: 60}), by=cast["erp"])


def stock(sku, on_hand, code="LNZ"):
    return StockRecord(sku=sku, warehouse_code=code, on_hand=Decimal(on_hand), as_of=NOON)


def read_stock(cast):
    sell("A1", on_hand=100, min_quantity=Decimal(10))
    apply_stock([stock("A1", 9)], by=cast["erp"])


def priced(sku="S1", unit_price="1.00", code="A"):
    return PriceRecord(price_list_code=code, sku=sku, unit_price=unit_price)


def take(erp, records, **scope):
    return apply_prices(records, by=erp, flow="erp.prices", as_of=NOON, scope_of_run=RunScope(**scope))


def read_prices(cast):
    PriceListFactory(code="A")
    ProductFactory(sku="S1")
    take(cast["erp"], [priced()])


def text(sku):
    return ContentRecord(sku=sku, name=f"Screw {sku}", as_of=MORNING)


def item(sku, status="active", as_of=MORNING):
    return ProductRecord(sku=sku, erp_name=f"SCREW {sku}", units=[PIECE], status=status, as_of=as_of)


def describe(cast):
    apply_products([item("N1")], by=cast["erp"])
    apply_content([text("N1")], by=cast["pim"])


def approve_quote(cast):
    costs(sell("BOLT", "1.00"), "0.60")
    policy(max_discount_percent=10, min_margin_percent=20)
    quote = price(begin(cast["anna"], cast["sam"], BOLT=1000), cast["sam"], BOLT="0.65")
    approve(submit(quote, cast["sam"]), cast["mona"])


def fill_cart(cast):
    sell("A1")
    fill(cast["anna"], A1=5)


# What is asked for, our event of it, and the deed that writes it.
TYPES = [
    ("order created", "order.received", confirmed),
    ("order confirmed", "order.confirmed", confirmed),
    ("inventory reserved", "stock.allocated", confirmed),
    ("inventory updated", "stock.updated", read_stock),
    ("inventory threshold", "stock.fell_below", read_stock),
    ("price list changed", "price_list.changed", read_prices),
    ("product approved", "product.approved", describe),
    ("quote approved", "quote.approved", approve_quote),
    ("shipment dispatched", "shipment.shipped", shipped),
    ("cart updated", "cart.updated", fill_cart),
]


@pytest.mark.req("INT-31")
@pytest.mark.parametrize(("asked", "name", "deed"), TYPES, ids=[row[0] for row in TYPES])
def test_each_type_has_a_producer_and_a_published_form(cast, asked, name, deed):
    deed(cast)

    event = Event.objects.get(name=name)
    schema = json.loads((Path(settings.BASE_DIR) / f"docs/contracts/{name}.schema.json").read_text())
    form = contracts()[name].record
    said = form.model_validate(event.payload).model_dump(mode="json")
    assert list(Draft202012Validator(schema).iter_errors(said)) == []
    assert event.version == contracts()[name].version
    assert schema["$id"].endswith(f":{name}:{event.version}")


def told(*names):
    """The events of these names: subject and payload, oldest first."""
    return list(Event.objects.filter(name__in=names).order_by("id").values_list("subject", "payload"))


@pytest.mark.req("INT-31")
def test_a_reading_of_stock_tells_once_per_warehouse_and_is_silent_without_news(erp):
    linz = open_warehouse()
    few, none, gone = (ProductFactory(sku=sku, min_quantity=Decimal(10)) for sku in ("FEW", "NONE", "GONE"))
    for product in (few, none, gone):
        StockLevelFactory(product=product, warehouse=linz, on_hand=Decimal(100))
    # 91 held back leave 9 of 100, which is too little already; 91 of 200 leave enough.
    Allocation.objects.create(subject="order:1/1", product=few, warehouse=linz, quantity=91)
    open_warehouse("GRZ")
    figures = [stock("FEW", 95), stock("NONE", 9), stock("FEW", 7, "GRZ")]

    apply_stock(figures, by=erp, is_full=True)
    apply_stock(figures, by=erp, is_full=True)

    head = {"v": 1, "as_of": NOON.isoformat()}
    assert told("stock.updated", "stock.fell_below") == [
        ("warehouse:GRZ", {**head, "warehouse": "GRZ", "changed": 1, "forgotten": 0, "skus": ["FEW"]}),
        (
            "warehouse:LNZ",
            {**head, "warehouse": "LNZ", "changed": 2, "forgotten": 1, "skus": ["FEW", "NONE"]},
        ),
        ("warehouse:LNZ", {**head, "warehouse": "LNZ", "products": 1, "skus": ["NONE"]}),
    ]


@pytest.mark.req("INT-31")
def test_what_is_held_back_counts_for_the_threshold_and_twenty_skus_are_named(erp):
    linz = open_warehouse()
    for number in range(25):
        product = ProductFactory(sku=f"P{number:02}", min_quantity=Decimal(10))
        StockLevelFactory(product=product, warehouse=linz, on_hand=Decimal(100))
        Allocation.objects.create(subject=f"order:{number}/1", product=product, warehouse=linz, quantity=80)

    apply_stock([stock(f"P{number:02}", 89) for number in range(25)], by=erp)

    [(_subject, fell)] = told("stock.fell_below")
    assert fell["products"] == 25
    assert fell["skus"] == [f"P{number:02}" for number in range(20)]


@pytest.mark.req("INT-31")
def test_an_import_of_prices_tells_once_per_list_also_when_it_is_taken_back(erp):
    for code in ("A", "B", "C"):
        PriceListFactory(code=code)
    for sku in ("S1", "S2", "S3"):
        ProductFactory(sku=sku)
    take(erp, [priced("S1"), priced("S2"), priced("S1", code="B"), priced("S1", code="C")])
    Event.objects.all().delete()
    full = [priced("S1", "2.00"), priced("S3"), priced("S1", code="C")]

    take(erp, full, full_lists=frozenset({"A"}))
    take(erp, full, full_lists=frozenset({"A"}))
    run = PriceRun.objects.latest("pk")
    undo = undo_run(run, by=erp)

    [(subject, changed), (_subject, undone)] = told("price_list.changed")
    counts = {"new": 1, "changed": 1, "ended": 1}
    skus = ["S1", "S3"]
    head = {"v": 1, "price_list": "A", "is_active": True}
    assert subject == "price_list:A"
    assert changed == {**head, "as_of": NOON.isoformat(), "run": run.pk, **counts, "skus": skus}
    assert undone == {
        **head,
        "as_of": undo.as_of.isoformat(),
        "run": undo.pk,
        "new": 2,
        "changed": 0,
        "ended": 2,
        "skus": ["S1", "S2", "S3"],
    }


@pytest.mark.req("INT-31")
def test_news_of_a_list_itself_is_told_once(erp):
    record = PriceListRecord(code="A", name="A", kind="list", currency="EUR", as_of=NOON)
    other = record.model_copy(update={"code": "B"})

    apply_price_lists([record, other], by=erp)
    apply_price_lists([record, other], by=erp)
    apply_price_lists([record], by=erp, is_full=True)

    assert [(subject, said["is_active"], said["run"]) for subject, said in told("price_list.changed")] == [
        ("price_list:A", True, None),
        ("price_list:B", True, None),
        ("price_list:B", False, None),
    ]


@pytest.mark.req("INT-31")
def test_products_are_approved_when_both_systems_have_them_ready_and_only_then(erp, pim):
    apply_products([item("N1"), item("N2"), item("N3", "blocked")], by=erp)
    texts = [text("N1"), text("N2"), text("N3")]

    for _again in range(2):
        apply_content(texts, by=pim)
    for _again in range(2):
        apply_products([item("N1"), item("N3", as_of=NOON)], by=erp)

    assert told("product.approved") == [
        ("catalogue:products", {"v": 1, "products": 2, "skus": ["N1", "N2"]}),
        ("catalogue:products", {"v": 1, "products": 1, "skus": ["N3"]}),
    ]


@pytest.mark.req("INT-31")
def test_reserved_stock_is_told_with_what_is_backordered(anna):
    sell("A1", on_hand=30)

    order = order_now(anna, A1=100)

    [(subject, said)] = told("stock.allocated")
    assert subject == order.subject
    assert (said["number"], said["company"], said["warehouse"]) == (order.number, "ACME", "LNZ")
    [line] = said["lines"]
    assert (line["position"], line["sku"], line["unit_code"]) == (1, "A1", "C62")
    assert (Decimal(line["allocated"]), Decimal(line["backordered"])) == (30, 70)


@pytest.mark.req("INT-31")
def test_each_change_of_a_cart_is_told_and_what_changes_nothing_is_not(anna):
    sell("A1")
    fill(anna, A1=5)
    cart = cart_for(anna.scope)
    line = cart.lines.get()

    for _again in range(2):
        change_line(anna.scope, line.pk, LineChange(Decimal(7), "piece"), by=anna.actor)
    for _again in range(2):
        set_details(anna.scope, CartDetails(po_number="4711"), by=anna.actor)
    for _again in range(2):
        remove_line(anna.scope, line.pk, by=anna.actor)
    for _again in range(2):
        clear_cart(anna.scope, by=anna.actor)

    events = told("cart.updated")
    assert {subject for subject, _said in events} == {f"cart:{cart.token}"}
    assert [(said["change"], said.get("sku"), said.get("quantity")) for _subject, said in events] == [
        ("line_added", "A1", "5"),
        ("line_changed", "A1", "7"),
        ("details_set", None, None),
        ("line_removed", "A1", "0"),
        ("cleared", None, None),
    ]
