"""Golden files: what goes over the wire and what it is as our records, compared as a whole in both directions.

`RECORD_GOLDEN=1` with the ERP of the tests writes the conversations anew; what changed is then read as a diff.
"""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.connectors.pim_files import mapping as pim
from integrations.connectors.supplier_files.mapping import FORMATS
from integrations.connectors.supplier_files.reading import read_prices, read_stock
from integrations.connectors.tryton import documents, live, masters, prices
from integrations.connectors.tryton.writing import checking, posting, reserving
from integrations.flows import FLOWS
from integrations.models import Identifier
from orders.actions.cart import CartItem, add_line
from orders.live import LiveQuestion
from orders.queries.cart import cart_for, cart_sheet
from orders.queries.live import cart_question
from orders.queries.snapshot import snapshot_of
from orders.records import OrderSnapshot
from tests.demo.erp_client import PASSWORD
from tests.factories.pricing import MORNING
from tests.integrations.conftest import buyer_of, place, relay
from tests.integrations.conversations import ROWS, Player, Recorder, erp_behind

GOLDEN = Path(__file__).parent / "golden"
RECORDS = os.environ.get("RECORD_GOLDEN") == "1"
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"
pytestmark = [pytest.mark.django_db, pytest.mark.req("INT-11")]
if RECORDS:
    pytestmark += [pytest.mark.slow, pytest.mark.xdist_group("tryton")]

READINGS = {
    "terms": masters.read_payment_terms,
    "customers": masters.read_customers,
    "credit": masters.read_credit,
    "licences": masters.read_licences,
    "taxes": masters.read_tax_rates,
    "warehouses": masters.read_warehouses,
    "products": masters.read_products,
    "costs": masters.read_costs,
    "stock": masters.read_stock,
    "price-lists": prices.read_price_lists,
    "assignments": prices.read_assignments,
    "prices": prices.read_prices,
    "order-states": documents.read_order_states,
    "shipments": documents.read_shipments,
    "invoices": documents.read_invoices,
}
QUESTIONS = {"live-prices": live.ask_prices, "live-stock": live.ask_stock, "live-credit": live.ask_credit}


def plain(found):
    return json.loads(found.model_dump_json())


def read(name):
    """A reading as what came of it: the records, and the rows that were none."""

    def act(erp, given):
        batch = READINGS[name](erp, {}, is_full=True)
        rejected = [[item.key, item.field, item.reason] for item in batch.rejected]
        return {"records": [plain(record) for record in batch.records], "rejected": rejected}

    return act


def asked(name):
    return lambda erp, given: plain(QUESTIONS[name](LiveQuestion.model_validate(given), erp))


def order_out(erp, given):
    """An order on its way, by the steps of its process, and the record of the ERP's answer."""
    order = OrderSnapshot.model_validate(given)
    reserving.reserve_order(order, checking.check_order(order, erp), erp)
    return plain(posting.post_order(order, erp))


CONVERSATIONS = {
    "order-out": order_out,
    **{name: asked(name) for name in QUESTIONS},
    **{name: read(name) for name in READINGS},
}


def golden(name):
    return json.loads((GOLDEN / "tryton" / f"{name}.json").read_text())


def played(told, act):
    """Let the connector hold a conversation again; tell the first call that is another than recorded."""
    player = Player(told["calls"], told["date"])
    with erp_behind(player, database="erp", password=PASSWORD) as erp:
        try:
            came = act(erp, told["given"])
        except Exception:
            assert player.differing is None, player.differing
            raise
    assert player.differing is None
    assert player.left == []
    return came


@pytest.mark.skipif(RECORDS, reason="the files are being recorded")
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_every_call_and_every_record_is_as_in_the_golden_file(name):
    told = golden(name)

    assert played(told, CONVERSATIONS[name]) == told["came"]


@pytest.mark.skipif(not RECORDS, reason="needs RECORD_GOLDEN=1")
def test_record_the_golden_files(request):
    shop = request.getfixturevalue("shop")
    shop.act("change-stock", product=SCREW, quantity=100000)
    shop.act("change-stock", product=BEARING, quantity=1000)
    shop.act("show-licence", customer="C4000", kind="ANCHOR", number="ANK-2023-207", until="2027-06-30")
    buyer = buyer_of("C4000")
    shipped = place(buyer, {SCREW: 400, BEARING: 20})
    relay()
    shop.act("ship", sale=shipped.number)
    shop.act("post-invoice", sale=shipped.number)
    order = place(buyer, {SCREW: 300, BEARING: 10})
    snapshot = plain(snapshot_of(order))
    for sku, pieces in ((SCREW, 200), (BEARING, 5)):
        add_line(buyer.scope, CartItem(sku, Decimal(pieces), "u"), by=buyer.actor)
    sheet = cart_sheet(cart_for(buyer.scope), buyer.scope)
    question = cart_question(sheet, buyer.company).model_copy(update={"credit_numbers": ("C4000",)})
    # What the ERP's lines are of ours is asked of it, not known here from before.
    Identifier.objects.filter(kind="order_line").delete()
    for name, act in CONVERSATIONS.items():
        given = snapshot if name == "order-out" else plain(question) if name in QUESTIONS else None
        recorder = Recorder(shop.url, rows=ROWS if name in READINGS else None)
        with erp_behind(recorder, database=shop.database, password=PASSWORD) as erp:
            came = act(erp, given)
        told = {"date": recorder.date, "given": given, "calls": recorder.calls, "came": came}
        text = json.dumps(told, ensure_ascii=False, indent=1).replace(shop.database, "erp") + "\n"
        (GOLDEN / "tryton" / f"{name}.json").write_text(text)


def differing_from(folder, came):
    """Hold what came against the committed file, which is written anew while recording."""
    file = GOLDEN / folder / "records.json"
    if RECORDS:
        file.write_text(json.dumps(came, ensure_ascii=False, indent=1) + "\n")
    assert came == json.loads(file.read_text())


def test_the_lines_of_the_pim_are_the_records_of_the_golden_file():
    lines = {
        kind: [json.loads(line) for line in (GOLDEN / "pim" / f"{kind}.jsonl").read_text().splitlines()]
        for kind in ("categories", "products")
    }

    came = {
        "categories": [plain(pim.category(row)) for row in lines["categories"]],
        "products": [plain(pim.content(row, version="7", as_of=MORNING)) for row in lines["products"]],
    }

    differing_from("pim", came)


def test_the_files_of_suppliers_are_the_records_of_the_golden_file(settings):
    settings.SUPPLIER_DROP = str(GOLDEN / "suppliers")
    batches = {}
    for name, form in FORMATS.items():
        reading = read_prices if form.brings == "prices" else read_stock
        batches[name] = reading(f"{name}.csv", form, as_of=MORNING)

    came = {
        name: {
            "records": [plain(record) for record in batch.records],
            "rejected": [[item.key, item.field, item.reason] for item in batch.rejected],
        }
        for name, batch in batches.items()
    }

    differing_from("suppliers", came)


@pytest.mark.skipif(RECORDS, reason="the files are being recorded")
def test_words_that_no_mapping_knows_are_told_with_their_row_and_the_others_come():
    told = golden("products")
    call = next(call for call in told["calls"] if call["method"] == "model.product.product.search_read")
    row = call["result"][0]
    row["template."] |= {"sale_units.": [], "sale_uom.": None}
    row["template."]["default_uom."]["symbol"] = "furlong"

    came = played(told, CONVERSATIONS["products"])

    assert came["rejected"] == [
        [row["code"], "units", "The ERP's unit “furlong” has no UN/ECE code: give it one there, or map it."]
    ]
    assert came["records"] == golden("products")["came"]["records"][1:]


def test_every_flow_that_is_read_has_a_golden_file():
    assert set(CONVERSATIONS) == {file.stem for file in (GOLDEN / "tryton").glob("*.json")}
    read_flows = {flow.name for flow in FLOWS.values() if flow.is_fed and flow.system == "erp"}
    assert read_flows == {f"erp.{name}" for name in READINGS}
