"""The rows of a list: what each shows as plain values, written once for as long as these are the same.

A written row is kept under all that its template is given. So an order that takes from the stock of one
product makes one row anew, and a row is never wrong: other values have another key.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, partial

from django.template import Context, Engine
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from core import freshness
from portal.kept import ROWS, TOKEN, kept, wording
from portal.templatetags.accord import age, is_past, unit, unit_label
from portal.views.catalogue.offers import Offer, Pick

ICONS = "vendor/tabler-icons-3.51.0/icons.svg"


@dataclass(frozen=True)
class Cell:
    """The value of an attribute column in a row."""

    value: str
    is_number: bool


@dataclass(frozen=True)
class Article:
    """What the row of a product shows beside price and stock. status: in words, where it is not sold.

    units: key and label of each that it is sold in. pack: the label of a unit that holds more than one.
    quantity, least, step: in that unit.
    """

    sku: str
    title: str
    address: str
    picture: str
    cells: tuple[Cell, ...]
    is_sold: bool
    status: str
    base_unit: str
    units: tuple[tuple[str, str], ...]
    unit: str
    pack: str
    quantity: Decimal
    least: Decimal
    step: Decimal


@dataclass(frozen=True)
class Mark:
    """The age of a figure; old: in words, for one that is past its limit."""

    at: datetime | None
    is_past: bool
    old: str


Marked = Callable[[str, datetime | None], Mark]


@dataclass(frozen=True)
class Price:
    """A company's price: of `per` base units, of the package if it is one, and from the next step on."""

    amount: Decimal
    per: Decimal
    pack: Decimal | None
    next_from: Decimal | None
    next_amount: Decimal | None
    mark: Mark | None


@dataclass(frozen=True)
class Stock:
    """What the best warehouse and the others can promise, in the base unit."""

    available: Decimal
    warehouse: str
    is_short: bool
    elsewhere: Decimal
    mark: Mark


@dataclass(frozen=True)
class Row:
    """All that the template of a row is given. price: None where none is named, or none may be seen."""

    article: Article
    company: str
    currency: str
    shows_prices: bool
    price: Price | None
    stock: Stock | None
    can_add: bool
    has_quotes: bool

    @property
    def is_on_request(self) -> bool:
        """Whether nobody has named a price: then one asks for a quote (PRC-26)."""
        return self.shows_prices and self.price is None


def article_of(pick: Pick, cells: tuple[Cell, ...]) -> Article:
    """The part of a row that the catalogue's content alone decides, in the language of now."""
    product, packed = pick.product, pick.unit
    return Article(
        sku=product.sku,
        title=product.title,
        address=reverse("portal:product-detail", args=[product.sku]),
        picture=reverse("portal:media", args=[pick.thumbnail]) if pick.thumbnail else "",
        cells=cells,
        is_sold=pick.is_sold,
        status="" if pick.is_sold else product.get_status_display(),
        base_unit=unit(product.base_unit),
        units=tuple(pick.units),
        unit=packed.key if packed else "",
        pack=unit_label(packed) if packed and pick.is_packed else "",
        quantity=pick.quantity,
        least=pick.least,
        step=pick.step,
    )


def rows_of(
    offers: Sequence[Offer], articles: Sequence[Article], *, company: str, has_quotes: bool
) -> list[Row]:
    """The rows as they are to be shown now; figures of the same moment have the same age.

    company: the mark of the acting one. has_quotes: whether a price can be asked for.
    """
    marked = cache(_mark)
    return [
        Row(
            article=article,
            company=company,
            currency=offer.currency,
            shows_prices=offer.answer is not None,
            price=_price(offer, marked),
            stock=_stock(offer, marked),
            can_add=offer.can_add,
            has_quotes=has_quotes,
        )
        for offer, article in zip(offers, articles, strict=True)
    ]


def _price(offer: Offer, marked: Marked) -> Price | None:
    answer = offer.answer
    if answer is None or answer.unit_price is None:
        return None
    above = offer.next_step
    return Price(
        amount=answer.unit_price,
        per=answer.price_unit,
        pack=offer.price if offer.is_packed else None,
        next_from=above.min_quantity if above else None,
        next_amount=above.unit_price if above else None,
        mark=marked("prices", answer.as_of) if answer.is_stale else None,
    )


def _stock(offer: Offer, marked: Marked) -> Stock | None:
    best = offer.best_stock
    if best is None:
        return None
    return Stock(
        available=best.available,
        warehouse=best.warehouse.name,
        is_short=offer.is_short,
        elsewhere=offer.elsewhere,
        mark=marked("stock", best.as_of),
    )


def _mark(kind: str, at: datetime | None) -> Mark:
    past = is_past(at, freshness.limit_of(kind))
    return Mark(at, past, age(at) if past else "")


def written(rows: Sequence[Row]) -> SafeString:
    """The rows as HTML, each from what is kept or by its template, which sees nothing else that could change."""
    words = wording()
    fixed = {"icons": static(ICONS), "cart": reverse("portal:cart-line-add"), "csrf_token": TOKEN}
    html = "".join(kept((row, words), partial(_html, row, fixed), shelf=ROWS) for row in rows)
    return mark_safe(html)  # noqa: S308 - rendered by the row's template


def _html(row: Row, fixed: dict[str, str]) -> str:
    template = Engine.get_default().get_template("portal/catalogue/_row.html")
    return str(template.render(Context({"row": row, "article": row.article, **fixed})))
