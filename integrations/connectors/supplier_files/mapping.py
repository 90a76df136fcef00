"""The formats of suppliers' files as data, and how a row of one becomes our record. Version 1."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.records import StockRecord
from core.errors import InvalidValue
from pricing.records import AssignmentRecord, PriceListRecord, PriceRecord

VERSION = 1
PRICES, STOCK = "prices", "stock"
Row = dict[str, Any]
NUMBERS, DAYS = ("min_quantity", "unit_price", "on_hand"), ("valid_from", "valid_until")


@dataclass(frozen=True)
class OwnList:
    """The price list that a supplier's prices make up; no other system's.

    priority: among lists of one kind the smaller comes first; everybody has it.
    """

    code: str
    name: str
    currency: str
    kind: str = "list"
    priority: int = 1000


@dataclass(frozen=True)
class Format:
    """How one supplier writes one kind of file.

    brings: prices or stock. columns: {their column: field of our record}; all must be there, others are
    left alone. The field `unit` holds a word of `units`: how many base units it is; a price
    is for so many, a stock figure is so many times as much. constants: fields that hold for every row.
    list: of prices, the list they make up. group_mark: between thousands, "" for none. date_format: as
    of `datetime.strptime`. is_whole: what the file lacks has ended. closing: first field of its last line, whose
    second tells the number of rows. has_digest: a file of the same name with .sha256 lies beside it.
    """

    brings: str
    columns: Mapping[str, str]
    list: OwnList | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, Decimal] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    decimal_mark: str = "."
    group_mark: str = ""
    date_format: str = "%Y-%m-%d"
    is_whole: bool = False
    closing: str = ""
    has_digest: bool = False
    most_bytes: int = 50_000_000

    @property
    def is_single_byte(self) -> bool:
        """Whether any bytes at all can be read in its encoding."""
        return self.encoding in ("iso-8859-1", "iso-8859-15", "cp1252")

    def price(self, row: Row) -> PriceRecord:
        """A row of a file of prices. Raises InvalidValue or ValidationError with the field."""
        values = self._values(row)
        if "unit" in values:
            values["price_unit"] = self._unit(values.pop("unit"))
        return PriceRecord(**{"price_list_code": self.list.code if self.list else ""} | values)

    def stock(self, row: Row, *, as_of: datetime) -> StockRecord:
        """A row of a file of stock, as of the moment that the file tells of."""
        values = self._values(row)
        if "unit" in values:
            values["on_hand"] = values["on_hand"] * self._unit(values.pop("unit"))
        return StockRecord(**values, as_of=as_of)

    def lists(self, as_of: datetime) -> tuple[PriceListRecord, AssignmentRecord]:
        """The list of its prices, and that everybody has it."""
        if self.list is None:
            raise InvalidValue(_("A format of prices names the list that they make up."), field="list")
        own = self.list
        record = PriceListRecord(
            code=own.code, name=own.name, kind=own.kind, currency=own.currency, as_of=as_of
        )
        return record, AssignmentRecord(price_list_code=own.code, priority=own.priority)

    def _values(self, row: Row) -> dict[str, Any]:
        if "fields" in row and len(row) == 2:
            raise InvalidValue(
                _("The line has %(count)s fields, not as many as the heading.") % {"count": row["fields"]},
                field="line",
            )
        told = {name: row[column].strip() for column, name in self.columns.items()}
        values: dict[str, Any] = dict(self.constants)
        for name, text in told.items():
            if name in NUMBERS:
                values[name] = self._number(name, text)
            elif name in DAYS:
                values[name] = self._day(name, text) if text else None
            else:
                values[name] = text
        return values

    def _number(self, name: str, text: str) -> Decimal:
        group, mark = re.escape(self.group_mark), re.escape(self.decimal_mark)
        whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,12}}" if group else r"\d{1,12}"
        if not re.fullmatch(rf"(?:{whole})(?:{mark}\d{{1,6}})?", text, re.ASCII):
            raise InvalidValue(_("It is no number as agreed with the supplier."), field=name)
        if self.group_mark:
            text = text.replace(self.group_mark, "")
        return Decimal(text.replace(self.decimal_mark, "."))

    def _day(self, name: str, text: str) -> date:
        try:
            return datetime.strptime(text, self.date_format).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise InvalidValue(_("It is no day as agreed with the supplier."), field=name) from None

    def _unit(self, word: str) -> Decimal:
        if word not in self.units:
            raise InvalidValue(_("The unit “%(word)s” is not agreed.") % {"word": word[:20]}, field="unit")
        return self.units[word]


# One entry per supplier and kind of file; nothing else is to be touched for a new one.
FORMATS: dict[str, Format] = {
    "hartmann-prices": Format(
        brings=PRICES,
        list=OwnList("SUP-HARTMANN", "Hartmann Verbindungstechnik", "EUR"),
        columns={
            "Artikel": "sku", "ab Menge": "min_quantity", "Preis": "unit_price", "Einheit": "unit",
            "gültig ab": "valid_from", "Bemerkung": "formula",
        },
        units={"ST": Decimal(1), "HD": Decimal(100), "TS": Decimal(1000)},
        delimiter=";",
        encoding="iso-8859-1",
        decimal_mark=",",
        group_mark=".",
        date_format="%d.%m.%Y",
        is_whole=True,
        closing="ENDE",
    ),
    "fjord-prices": Format(
        brings=PRICES,
        list=OwnList("SUP-FJORD", "Fjord Bearings", "EUR"),
        columns={
            "item": "sku", "from_qty": "min_quantity", "price": "unit_price", "per": "unit",
            "valid_from": "valid_from", "note": "formula",
        },
        units={"1": Decimal(1), "100": Decimal(100), "1000": Decimal(1000)},
        has_digest=True,
    ),
    "fjord-stock": Format(
        brings=STOCK,
        columns={"item": "sku", "site": "warehouse_code", "free": "on_hand", "unit": "unit"},
        units={"PCE": Decimal(1), "BX10": Decimal(10)},
        has_digest=True,
    ),
}  # fmt: skip
