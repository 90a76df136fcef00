"""What a list of products is asked: words, filters, order, page."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from catalog.rules import LARGEST
from portal.forms.numbers import parse_number
from portal.views.catalogue.offers import Wish

# Parameters of the address that are not filters.
RESERVED = frozenset({"q", "sort", "page", "category"})
SORTS = {"": _("Catalogue"), "number": _("Number"), "name": _("Name")}
ORDERS = {"number": ("sku_order", "sku"), "name": ("name", "sku_order")}
MOST_VALUES = 20


@dataclass(frozen=True)
class Chip:
    """A choice in force, and the address without it."""

    label: str
    query: str


@dataclass(frozen=True)
class ListQuery:
    """A list's address, read: chosen holds values by the code of their attribute."""

    text: str
    chosen: dict[str, list[str]]
    sort: str
    page: str
    category: str

    @classmethod
    def of(cls, params: QueryDict) -> "ListQuery":
        """Read the parameters; what makes no sense is left out."""
        chosen = {
            code: [value for value in params.getlist(code) if value and "\0" not in value][:MOST_VALUES]
            for code in params
            if code not in RESERVED and "\0" not in code
        }
        return cls(
            text=params.get("q", "").replace("\0", "").strip()[:200],
            chosen={code: values for code, values in chosen.items() if values},
            sort=params.get("sort", "") if params.get("sort") in SORTS else "",
            page=params.get("page", "1"),
            category=params.get("category", ""),
        )

    def encoded(self, *, without: tuple[str, str] | None = None) -> str:
        """The address without its page, to go on from; without: a choice (code, value) to leave out."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [("category", self.category)] if self.category else []
        pairs += [(code, v) for code, values in self.chosen.items() for v in values if (code, v) != without]
        pairs += [("sort", self.sort)] if self.sort else []
        return urlencode(pairs)


def wish_of(params: QueryDict) -> Wish:
    """The unit and quantity that a product page is asked for; nonsense means the smallest."""
    unit = params.get("unit", "")
    try:
        quantity = parse_number(params.get("quantity", "").strip())
    except ValueError:
        return Wish(unit)
    return Wish(unit, quantity) if abs(quantity) <= LARGEST * 10 else Wish(unit)
