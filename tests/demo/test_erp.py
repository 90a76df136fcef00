"""The demo's ERP is a real Tryton with the generated catalogue, and its script keeps its promises."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from demo.catalogue.assortment import by_sku, products
from demo.company.customers import CUSTOMERS
from demo.company.price_lists import PRICE_LISTS, breaks, price
from demo.environment import PROJECT
from tests.demo.erp_client import Erp, Refused, Session, heard, number

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("erp")]


@pytest.fixture(scope="session")
def erp():
    """The ERP on SQLite; its template is kept between runs."""
    erp = Erp(PROJECT / "var" / "test-erp")
    for left in erp.state.glob("*_*.sqlite*"):
        kind, _, process = left.name.partition(".")[0].partition("_")
        if kind in {"test", "line"} and not _runs(int(process)):
            left.unlink(missing_ok=True)
    erp.run("--db", f"test_{os.getpid()}", "init")
    yield erp
    for database in (f"test_{os.getpid()}", f"line_{os.getpid()}"):
        erp.run("--db", database, "drop")


@pytest.fixture(scope="session")
def session(erp):
    with erp.serving(f"test_{os.getpid()}") as session:
        yield session


def an_order(session: Session, key: str, **values) -> list[dict]:
    """What creates a sale: 10 boxes of screws and 25 bearings for the Ulm branch, billed to the group."""
    parties, addresses = session.ids("party.party", "code"), session.ids("party.address", "party_name")
    product, unit = session.ids("product.product", "code"), session.ids("product.uom", "symbol")

    def line(sku: str, quantity: float, symbol: str, unit_price: str) -> dict:
        return {
            "product": product[sku],
            "quantity": quantity,
            "unit": unit[symbol],
            "unit_price": number(unit_price),
            "taxes": [["add", [session.rows("account.tax", [], ["name"])[0]["id"]]]],
        }

    return [
        {
            "company": 1,
            "party": parties["C1001"],
            "invoice_party": parties["C1000"],
            "reference": f"PO-{key}",
            "portal_key": key,
            "warehouse": session.rows(
                "stock.location", [["code", "=", "WH"], ["type", "=", "warehouse"]], ["code"]
            )[0]["id"],
            "invoice_address": addresses["Kessler Maschinenbau AG, Head office"],
            "shipment_address": addresses["Kessler Werk Ulm, Receiving, gate 2"],
            "payment_term": session.ids("account.invoice.payment_term", "name")["net60"],
            "lines": [
                [
                    "create",
                    [line("4762-M8X30-88Z", 10.0, "b200", "21.8000"), line("6204-2RS", 25.0, "u", "3.3500")],
                ]
            ],
            **values,
        }
    ]


def test_every_product_has_the_units_steps_and_costs_of_the_catalogue(session):
    units: dict[int, list[tuple[str, Decimal]]] = {}
    for row in session.rows("product.sale_unit", [], ["template", "code", "base_quantity", "sequence"]):
        units.setdefault(row["template"], []).append((row["code"], row["base_quantity"]))
    fields = ["code", "template", "cost_price", "list_price_used"]
    fields += ["template.min_sale_quantity", "template.sale_quantity_step"]
    rows = {row["code"]: row for row in session.rows("product.product", [], fields)}

    assert set(rows) == set(by_sku())
    for product in products():
        row = rows[product.sku]
        assert units[row["template"]] == [(pack.code, pack.pieces) for pack in product.packs]
        assert (row["cost_price"], row["list_price_used"]) == (product.cost_price, product.list_price)
        assert row["template."]["min_sale_quantity"] == product.min_quantity
        assert row["template."]["sale_quantity_step"] == product.step


def test_the_erp_answers_the_prices_that_the_lists_mean(session):
    ids, lists = session.ids("product.product", "code"), session.ids("product.price_list", "name")
    unit = session.ids("product.uom", "symbol")["u"]
    chance = random.Random(20261121)

    for name in PRICE_LISTS:
        for _ in range(40):
            quantity = chance.choice(breaks(name, chance.choice(products()))) + chance.choice((-1, 0, 1, 7))
            quantity = max(quantity, 1)
            asked = chance.sample(products(), 25)
            answers = session(
                "product.product.read",
                [ids[product.sku] for product in asked],
                ["code", "sale_price_uom"],
                price_list=lists[name],
                quantity=quantity,
                uom=unit,
                currency=1,
            )
            for answer in answers:
                assert answer["sale_price_uom"] == price(name, by_sku()[answer["code"]], quantity), (
                    answer,
                    quantity,
                )


def test_stock_per_warehouse_is_that_of_the_catalogue(session):
    for warehouse in session.rows("stock.location", [["type", "=", "warehouse"]], ["code"]):
        for row in session.rows("product.product", [], ["code", "quantity"], locations=[warehouse["id"]]):
            assert row["quantity"] == by_sku()[row["code"]].stock[warehouse["code"]]


def test_customers_have_their_terms_lists_limits_and_heads(session):
    fields = ["code", "sale_price_list.name", "customer_payment_term.name", "credit_limit_amount"]
    rows = {row["code"]: row for row in session.rows("party.party", [["code", "like", "C%"]], fields)}
    branches = session.rows(
        "party.relation.all", [["type.name", "=", "is branch of"]], ["from_.code", "to.code"]
    )

    assert set(rows) == {customer.code for customer in CUSTOMERS}
    for customer in CUSTOMERS:
        row = rows[customer.code]
        assert (row["sale_price_list."] or {}).get("name") == customer.price_list
        assert row["customer_payment_term."]["name"] == customer.terms
        assert row["credit_limit_amount"] == customer.credit_limit
    assert {(row["from_."]["code"], row["to."]["code"]) for row in branches} == {
        (customer.code, customer.parent) for customer in CUSTOMERS if customer.parent
    }


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("product.sale_unit", {"code": "XXX"}),
        ("product.template", {"min_sale_quantity": None}),
        ("account.invoice.payment_term", {"name": "Whenever"}),
        ("product.price_list.line", {"formula": "1"}),
    ],
)
def test_the_portal_may_not_change_what_the_erp_owns(session, model, values):
    row = session.rows(model, [], list(values))[0]

    with pytest.raises(Refused, match="not allowed"):
        session(f"{model}.write", [row["id"]], values)

    assert session.rows(model, [], list(values))[0] == row


def test_one_key_makes_one_sale_whatever_is_sent_at_once(session):
    values = an_order(session, "one-key")

    def send(_: int) -> str:
        try:
            session("sale.sale.create", values)
        except Refused as refusal:
            return refusal.args[0]
        return "created"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(send, range(4)))

    assert outcomes == ["UserError", "UserError", "UserError", "created"]
    assert len(session.rows("sale.sale", [["portal_key", "=", "one-key"]], ["number"])) == 1


def test_an_order_is_shipped_in_two_parts_invoiced_paid_and_credited(erp):
    database = f"line_{os.getpid()}"
    erp.run("--db", database, "init")
    with erp.serving(database) as session, erp.staff(database) as staff:
        (sale,) = session("sale.sale.create", an_order(session, "the-line"))
        session("sale.sale.quote", [sale])
        session("sale.sale.confirm", [sale])

        first = staff("ship", sale="the-line", lines={"4762-M8X30-88Z": 6, "6204-2RS": 25})["ok"]
        posted = staff("post-invoice", sale="PO-the-line")["ok"]
        second = staff("ship", sale=first["sale"]["number"])["ok"]
        staff("post-invoice", sale="the-line")
        part = staff("pay", invoice=posted["number"], amount="100.00")["ok"]
        staff("pay", invoice=posted["number"])
        staff("pay", sale="the-line")
        note = staff("credit-note", invoice=posted["number"], lines={"6204-2RS": 5})
        done = staff("show-sale", sale="the-line")["ok"]

    assert first["shipped"][0]["moves"] == {"4762-M8X30-88Z": 6.0, "6204-2RS": 25.0}
    assert second["shipped"][0]["moves"] == {"4762-M8X30-88Z": 4.0}
    assert (posted["untaxed"], posted["total"], part["to_pay"]) == ("214.55", "257.46", "157.46")
    assert (done["state"], done["shipment_state"], done["invoice_state"]) == ("done", "sent", "paid")
    assert done["total"] == "362.10"
    assert [invoice["total"] for invoice in sorted(done["invoices"], key=lambda row: row["id"])] == [
        "257.46",
        "104.64",
    ]
    assert note["ok"]["credit_note"]["total"] == "-20.10"


def test_an_order_over_the_credit_limit_is_refused_at_confirm(session):
    parties, addresses = session.ids("party.party", "code"), session.ids("party.address", "party_name")
    values = an_order(
        session,
        "too-much",
        party=parties["C3000"],
        invoice_party=None,
        invoice_address=addresses["Alpina Stahlbau GmbH, Office"],
        shipment_address=addresses["Alpina Stahlbau GmbH, Construction yard"],
    )
    values[0]["lines"][0][1][0]["quantity"] = 200.0
    (sale,) = session("sale.sale.create", values)
    session("sale.sale.quote", [sale])

    with pytest.raises(Refused, match="credit limit"):
        session("sale.sale.confirm", [sale])

    assert session.rows("sale.sale", [["id", "=", sale]], ["state"])[0]["state"] == "quotation"


def test_a_batch_answers_a_mistake_and_goes_on(erp):
    with erp.staff(f"test_{os.getpid()}") as staff:
        assert staff("ship", sale="NOPE") == {"error": "There is no sale.sale for NOPE."}
        assert "There is no scenario dance" in staff("dance")["error"]
        assert "unexpected keyword" in staff("ship", colour="red")["error"]
        assert (
            staff("change-stock", product="6204-2RS", quantity=7, warehouse="EAST")["ok"]["quantity"] == 7.0
        )
        staff(
            "change-stock", product="6204-2RS", quantity=by_sku()["6204-2RS"].stock["EAST"], warehouse="EAST"
        )


def test_a_scenario_that_cannot_be_played_ends_with_its_reason(erp):
    ended = erp.run("--db", f"test_{os.getpid()}", "scenario", "pay", "--sale", "NOPE", check=False)

    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("error: There is no sale.sale for NOPE.")
    assert ended.stdout == ""


def test_a_second_start_finds_all_in_place(erp):
    started = time.monotonic()
    again = erp.run("--db", f"test_{os.getpid()}", "init")

    assert '"template_built": false, "cloned": false' in again.stdout
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("number_", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_well_when_asked(erp, number_):
    server = erp.start("--db", f"test_{os.getpid()}", "serve", "--port", "0")
    heard(server)

    server.send_signal(number_)

    assert server.wait(timeout=15) == 0


def test_the_server_ends_when_the_process_that_started_it_is_killed(erp):
    starter = (
        "import subprocess, sys, time\n"
        "server = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
        "print(server.stdout.readline(), flush=True)\n"
        "time.sleep(300)\n"
    )
    command = erp.command("--db", f"test_{os.getpid()}", "serve", "--port", "0", "--die-with-parent")
    middle = subprocess.Popen([sys.executable, "-c", starter, *command], stdout=subprocess.PIPE, text=True)
    server = heard(middle)["pid"]

    middle.kill()
    middle.communicate(timeout=10)

    deadline = time.monotonic() + 15
    while _runs(server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(server)


def test_a_taken_port_is_named(erp):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = erp.run("--db", f"test_{os.getpid()}", "serve", "--port", str(port), check=False)

    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr


def _runs(process: int) -> bool:
    """Whether a process is alive; one that ended but was not reaped yet is not."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
