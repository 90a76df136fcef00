"""What a screen reader and a keyboard need of every page: names, labels, headings, table headers."""

from html.parser import HTMLParser

import pytest

from tests.factories.orders import fill, order_now, sell
from tests.factories.quotes import ask, offer

pytestmark = pytest.mark.django_db

SILENT = {"hidden", "submit", "button"}


class Page(HTMLParser):
    """Collects from a page what must have a name, and what names it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[tuple[dict[str, str | None], bool]] = []
        self.headings = 0
        self.tables: list[dict[str, int]] = []
        self.unnamed: list[str] = []
        self._open_labels = 0
        self._control: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids, labels, fields, headings and tables as they begin."""
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "label":
            self._open_labels += 1
            self.labelled.add(str(given.get("for")))
        elif tag in {"input", "select", "textarea"} and given.get("type") not in SILENT:
            self.fields.append((given, self._open_labels > 0))
        elif tag == "h1":
            self.headings += 1
        elif tag == "table":
            self.tables.append({"caption": 0, "unscoped": 0})
        elif tag == "caption":
            self.tables[-1]["caption"] += 1
        elif tag == "th" and not given.get("scope"):
            self.tables[-1]["unscoped"] += 1
        elif tag in {"button", "a"}:
            self._control.append((tag, given, ""))
        elif tag == "img" and self._control and given.get("alt"):
            self.handle_data(str(given["alt"]))

    def handle_data(self, data: str) -> None:
        """Words inside a button or link name it."""
        if self._control and data.strip():
            tag, given, words = self._control[-1]
            self._control[-1] = (tag, given, words + data)

    def handle_endtag(self, tag: str) -> None:
        """A button or link that ends without words needs a label."""
        if tag == "label":
            self._open_labels -= 1
        elif tag in {"button", "a"} and self._control:
            _tag, given, words = self._control.pop()
            if not words.strip() and not given.get("aria-label"):
                self.unnamed.append(str(given))

    @property
    def nameless_fields(self) -> list[str]:
        """The fields that no label and no aria-label names."""
        return [
            str(given.get("name"))
            for given, is_inside in self.fields
            if not (is_inside or given.get("aria-label") or given.get("id") in self.labelled)
        ]


def _faults(text: str) -> list[str]:
    page = Page(text)
    twice = {name for name in page.ids if page.ids.count(name) > 1}
    return [
        *(f"field without a name: {name}" for name in page.nameless_fields),
        *(f"control without a name: {given}" for given in page.unnamed),
        *(f"id twice: {name}" for name in sorted(twice)),
        *(["not one h1: " + str(page.headings)] if page.headings != 1 else []),
        *("table without caption" for table in page.tables if not table["caption"]),
        *("header cell without scope" for table in page.tables if table["unscoped"]),
    ]


def test_the_check_finds_what_is_missing():
    text = "<h1>A</h1><h1>B</h1><input name='q'><table><tr><th>X</th></tr></table><a href='/'><svg></svg></a>"

    assert len(_faults(text)) == 5


@pytest.fixture
def busy(anna, boris, sam):
    """A company in the middle of everything: cart, request, offer, order."""
    sell("BOLT", "2.00")
    sell("NUT", "1.00")
    order = order_now(anna, BOLT=100)
    rfq = ask(anna, BOLT=50)
    quote = offer(anna, sam, NUT=500)
    fill(anna, BOLT=20, NUT=10)
    return {"order": order.number, "rfq": rfq.number, "quote": quote.number}


PAGES = [
    "/home/",
    "/catalogue/",
    "/search/?q=bolt",
    "/products/NUT/",
    "/cart/",
    "/checkout/",
    "/rfqs/new/",
    "/rfqs/{rfq}/",
    "/quotes/",
    "/quotes/{quote}/",
    "/orders/",
    "/orders/{order}/",
    "/invoices/",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_of_the_portal_names_its_parts(anna, busy, address):
    response = anna.signed_in().get(address.format(**busy), follow=True)

    assert response.status_code == 200
    assert _faults(response.content.decode()) == []


def test_the_approvals_page_names_its_parts(boris, busy):
    response = boris.signed_in().get("/approvals/")

    assert response.status_code == 200
    assert _faults(response.content.decode()) == []


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/", "/nothing/"])
def test_the_pages_of_a_stranger_name_their_parts(client, db, address):
    assert _faults(client.get(address).content.decode()) == []


def test_the_components_page_names_its_parts(client, settings):
    settings.DEMO = True

    assert _faults(client.get("/dev/components/").content.decode()) == []
