"""The scenes of the story, each by one person on the pages that this person has."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from demo.telling.browser import Page, PlainBrowser
from demo.telling.erp_desk import ErpDesk
from demo.telling.log import Log
from demo.telling.reader import NotOnPage

PATIENCE_SECONDS = 90


@dataclass(frozen=True)
class Wanted:
    """A line of the story: what is searched for, which product it is, in which unit, how many."""

    words: str
    sku: str
    packs: int
    target: str


WANTED = (
    Wanted("6001 2RS", "6001-2RS", 20, "16.50"),
    Wanted("button head M5 x 16 zinc", "7380-M5X16-109Z", 24, "68.00"),
)
COMPANY = "C1001"
PO_NUMBER = "PO-4500118"


@dataclass
class Story:
    """What everybody in it knows: who they are, the numbers so far, the log."""

    site: str
    people: dict[str, dict[str, str]]
    log: Log
    desk: ErpDesk
    numbers: dict[str, str] = field(default_factory=dict)
    browsers: list[PlainBrowser] = field(default_factory=list)

    def sign_in(self, email: str) -> PlainBrowser:
        """Open a browser for a person of the demo and sign in."""
        browser = PlainBrowser(self.site)
        self.browsers.append(browser)
        browser.sign_in(email, self.people[email]["password"])
        return browser

    def wait_for(self, what: str, look: Callable[[], Any]) -> Any:
        """Look until there is something to see. Raises NotOnPage when it takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (seen := look()):
            if time.monotonic() > deadline:
                raise NotOnPage(f"waited {PATIENCE_SECONDS} s in vain for {what}")
            time.sleep(0.3)
        return seen


def number_in(page: Page, prefix: str) -> str:
    """The first document number with this prefix that a page shows."""
    found = re.search(rf"\b{prefix}-\d+\b", page.text)
    if found is None:
        raise NotOnPage(f"{page.url} shows no number {prefix}-...: {page.text[:800]}")
    return found[0]


# -- the buyer asks


def ask_for_a_quote(story: Story, buyer: PlainBrowser) -> None:
    """Find two products, put boxes of them into the cart, and ask for a better price."""
    story.log.chapter("Jana Reuter buys for Kessler Werk Ulm")
    page = buyer.go("/home/")
    if COMPANY not in page.text:
        page = page.submit(page.form("company"), company=COMPANY)
    page = buyer.go("/cart/")
    for wanted in WANTED:
        found = buyer.go("/search/", params=[("q", wanted.words)])
        product = (
            found if found.path.startswith("/products/") else found.follow(to=f"/products/{wanted.sku}/")
        )
        form = product.form("sku", "quantity", "unit")
        box = next(key for key in form.choices["unit"] if key.startswith("b"))
        page = product.submit(form, "Add to cart", quantity=wanted.packs, unit=box)
        story.log.told("Jana Reuter", f"searched “{wanted.words}”: {wanted.packs} × {box} of {wanted.sku}")
    cart = buyer.go("/cart/").must_say(*(wanted.sku for wanted in WANTED))
    request = cart.follow(to="/rfqs/new/")
    form = request.form("token", "requested_on")
    targets = [name for name in form.names if name.startswith("target_")]
    notes = [name for name in form.names if name.startswith("note_")]
    values: dict[str, object] = {
        "note": "Yearly need about ten times this.",
        "requested_on": datetime.now(UTC).date() + timedelta(days=14),
        "po_number": PO_NUMBER,
        "ship_to": next(value for value in form.choices["ship_to"] if value),
        **{name: wanted.target for name, wanted in zip(targets, WANTED, strict=True)},
        **dict.fromkeys(notes, "packed by the box"),
    }
    page = request.submit(form, "Request a quote", **values)
    story.numbers["rfq"] = number_in(page, "R")
    story.log.told("Jana Reuter", f"asked for a quote: {story.numbers['rfq']}, with target prices and a date")


# -- the buyer accepts


def accept_the_quote(story: Story, buyer: PlainBrowser) -> None:
    """Read the mail, look at the offer, and press Accept twice at the same moment."""
    story.log.chapter("The buyer answers")
    quote = story.numbers["quote"]
    mail = story.wait_for(
        f"a mail about {quote}", lambda: quote in (page := buyer.go("/mails/")).text and page
    )
    mail.must_say("jana.reuter@kessler.example")
    story.log.told("Jana Reuter", f"got a mail about {quote}")
    page = buyer.go(f"/quotes/{quote}/").must_say(*(wanted.sku for wanted in WANTED))
    form = page.form("revision", "ship_to", action="/accept/")
    sent = form.filled("Accept", po_number=PO_NUMBER)
    with ThreadPoolExecutor(2) as hands:
        clicks = [
            hands.submit(buyer.send, f"/quotes/{quote}/accept/", sent, came_from=page.url) for _ in range(2)
        ]
        answers = [click.result() for click in clicks]
    numbers = {number_in(answer, "SO") for answer in answers}
    story.log.same("orders after two clicks on Accept", len(numbers), 1)
    story.numbers["order"] = numbers.pop()
    story.log.told("Jana Reuter", f"accepted {quote} with two clicks: order {story.numbers['order']}")


def order_of(story: Story, buyer: PlainBrowser) -> dict[str, Any]:
    """The order as the API tells it: the same read as the buyer's page."""
    told: dict[str, Any] = buyer.data(f"/api/v1/orders/{story.numbers['order']}/")
    return told


def order_when(
    story: Story, buyer: PlainBrowser, what: str, is_so: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The order as soon as something is so. Raises NotOnPage when it takes too long."""

    def look() -> dict[str, Any] | None:
        order = order_of(story, buyer)
        return order if is_so(order) else None

    order: dict[str, Any] = story.wait_for(what, look)
    return order


def amount(value: Any) -> Decimal:
    """A figure as a number."""
    return Decimal(str(value))


# -- the ERP works


def order_arrives(story: Story, buyer: PlainBrowser) -> None:
    """Wait for the ERP's confirmation and compare the order on both sides."""
    story.log.chapter("The order arrives in the ERP")
    order = order_when(story, buyer, "the ERP's confirmation", lambda order: order["status"] == "confirmed")
    sale = story.desk.do("show-sale", sale=order["number"])
    story.numbers["sale"] = sale["number"]
    story.log.told("ERP", f"confirmed {order['number']} as {sale['number']}")
    counted = story.desk.do("count-sales", portal_key=order["number"])["count"]
    log = story.log
    log.head("figure", "portal", "ERP")
    log.same("sales under our number", 1, counted)
    log.same("ERP number", order["erp_number"], sale["number"])
    log.same("our number", order["number"], sale["portal_key"])
    log.same("customer", order["company"], sale["party"])
    log.same("PO number", order["po_number"], sale["description"])
    for ours, theirs in zip(order["lines"], sale["lines"], strict=True):
        log.same(f"{ours['sku']}", ours["sku"], theirs["product"])
        log.same(f"{ours['sku']} quantity", amount(ours["quantity"]), amount(theirs["quantity"]))
        log.same(f"{ours['sku']} unit", ours["unit"], theirs["unit"])
        log.same(f"{ours['sku']} price", amount(ours["unit_price"]), amount(theirs["unit_price"]))
        log.same(f"{ours['sku']} net", amount(ours["net_amount"]), amount(theirs["amount"]))
        log.same(f"{ours['sku']} confirmed", amount(ours["confirmed"]), amount(theirs["quantity"]))
    log.same("net", amount(order["net_amount"]), amount(sale["untaxed"]))
    log.same("VAT", amount(order["tax_amount"]), amount(sale["tax"]))
    log.same("total", amount(order["gross_amount"]), amount(sale["total"]))


def first_part_ships(story: Story, buyer: PlainBrowser) -> None:
    """Half leaves; the portal shows what left and what follows."""
    story.log.chapter("The ERP ships in two parts")
    half = {wanted.sku: wanted.packs / 2 for wanted in WANTED}
    story.desk.do("ship", sale=story.numbers["sale"], lines=half)
    order = order_when(
        story,
        buyer,
        "the first shipment",
        lambda order: all(amount(line["shipped"]) > 0 for line in order["lines"]),
    )
    story.log.told("ERP", "shipped one half, the rest stays as a backorder")
    story.log.head("figure", "portal", "ERP")
    _compare_shipments(story, order, half)


def second_part_ships(story: Story, buyer: PlainBrowser) -> None:
    """The backorder leaves."""
    story.desk.do("ship", sale=story.numbers["sale"])
    order = order_when(
        story, buyer, "the second shipment", lambda order: order["delivery_status"] == "shipped"
    )
    story.log.told("ERP", "shipped the rest")
    story.log.head("figure", "portal", "ERP")
    _compare_shipments(story, order, {wanted.sku: wanted.packs for wanted in WANTED})


def _compare_shipments(story: Story, order: dict[str, Any], left: dict[str, float]) -> None:
    sale = story.desk.do("show-sale", sale=story.numbers["sale"])
    done = [shipment for shipment in sale["shipments"] if shipment["state"] in {"done", "shipped"}]
    shown = [shipment for shipment in order["shipments"] if shipment["status"] in {"shipped", "delivered"}]
    log = story.log
    log.same("shipments that left", len(shown), len(done))
    log.same("their numbers", _joined(shown, "number"), _joined(done, "number"))
    for line in order["lines"]:
        sku, ordered = line["sku"], amount(line["quantity"])
        theirs = sum(amount(shipment["moves"].get(sku, 0)) for shipment in done)
        log.same(f"{sku} shipped", amount(line["shipped"]), theirs)
        log.same(f"{sku} shipped, as picked", amount(line["shipped"]), amount(left[sku]))
        log.same(f"{sku} backorder", amount(line["backordered"]), ordered - theirs)


def _joined(rows: list[dict[str, Any]], key: str) -> str:
    return ", ".join(sorted(str(row[key]) for row in rows))


def invoices_and_payment(story: Story, buyer: PlainBrowser) -> None:
    """Two invoices are posted, all is paid, one box comes back as a credit note."""
    story.log.chapter("The ERP invoices, is paid, and credits")
    sale_number = story.numbers["sale"]
    for _ in range(2):
        story.desk.do("post-invoice", sale=sale_number)
    order = order_when(story, buyer, "two invoices", lambda order: len(order["invoices"]) == 2)
    story.log.told("ERP", "posted two invoices: " + _joined(order["invoices"], "number"))
    story.log.head("figure", "portal", "ERP")
    _compare_invoices(story, order)
    for invoice in order["invoices"]:
        story.desk.do("pay", invoice=invoice["number"])
    order = order_when(story, buyer, "the payments", lambda order: amount(order["open_amount"]) == 0)
    story.log.told("ERP", "booked the payments")
    story.log.head("figure", "portal", "ERP")
    _compare_invoices(story, order)
    first = min(order["invoices"], key=lambda invoice: str(invoice["number"]))
    credited = story.desk.do("credit-note", invoice=first["number"], lines={WANTED[0].sku: 1})["credit_note"]
    order = order_when(story, buyer, "the credit note", lambda order: len(order["invoices"]) == 3)
    story.log.told("ERP", f"credited one box of {WANTED[0].sku}: {credited['number']}")
    story.log.head("figure", "portal", "ERP")
    _compare_invoices(story, order, credited)
    note = next(row for row in order["invoices"] if row["number"] == credited["number"])
    story.log.same("credited invoice", note["credits"], first["number"])


def _compare_invoices(story: Story, order: dict[str, Any], *credited: dict[str, Any]) -> None:
    """Compare every document of the order. credited: credit notes, which the ERP's sale does not name."""
    sale = story.desk.do("show-sale", sale=story.numbers["sale"])
    posted = {row["number"]: row for row in (*sale["invoices"], *credited) if row["number"]}
    ours = {row["number"]: row for row in order["invoices"]}
    log = story.log
    log.same("invoices", ", ".join(sorted(ours)), ", ".join(sorted(posted)))
    for number in sorted(ours.keys() & posted.keys()):
        for name, word in (("net_amount", "untaxed"), ("tax_amount", "tax"), ("gross_amount", "total")):
            log.same(f"{number} {word}", amount(ours[number][name]), amount(posted[number][word]))
        log.same(f"{number} to pay", amount(ours[number]["open_amount"]), amount(posted[number]["to_pay"]))
    log.same("net of invoices", sum(amount(row["net_amount"]) for row in ours.values()),
             sum(amount(row["untaxed"]) for row in posted.values()))  # fmt: skip


def the_pages_show_it(story: Story, buyer: PlainBrowser, stranger: PlainBrowser) -> None:
    """The buyer's pages show it all; another company's buyer finds none of it."""
    story.log.chapter("What the buyer sees, and nobody else")
    order = order_of(story, buyer)
    page = buyer.go(f"/orders/{order['number']}/")
    page.must_say(order["number"], order["erp_number"], *(line["sku"] for line in order["lines"]))
    page.must_say(*(shipment["number"] for shipment in order["shipments"]))
    page.must_say(*(invoice["number"] for invoice in order["invoices"]))
    for invoice in order["invoices"]:
        buyer.go(f"/invoices/{invoice['number']}/").must_say(
            f"{amount(invoice['gross_amount']):,.2f}".lstrip("-")
        )
    story.log.told("Jana Reuter", "sees order, shipments, invoices, credit note and one timeline:")
    for row in reversed(order["timeline"]):
        moment = row["at"][11:19]
        story.log.told(f"{row['source']:<6} {moment}", f"{row['text']}  {row['person']}")
    addresses = [
        f"/rfqs/{story.numbers['rfq']}/",
        f"/quotes/{story.numbers['quote']}/",
        f"/orders/{order['number']}/",
        *(f"/invoices/{invoice['number']}/" for invoice in order["invoices"]),
    ]
    answers = {stranger.status_of(address) for address in addresses}
    story.log.same("another company's buyer gets", ", ".join(map(str, sorted(answers))), "404")
