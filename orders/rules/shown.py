"""What a buyer was shown before ordering, and what differs from it now (failure bank 18)."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.errors import InvalidValue


@dataclass(frozen=True)
class ShownLine:
    """The facts of a line that a buyer consents to: quantities in the unit, price per unit.

    None stands for what could not be said; backordered: what cannot ship at once.
    """

    sku: str
    unit_key: str
    quantity: Decimal
    unit_price: Decimal | None
    net_amount: Decimal | None
    tax_percent: Decimal | None
    backordered: Decimal


@dataclass(frozen=True)
class Difference:
    """One fact that changed. field: a name of ShownLine, "line" for one that came or went."""

    sku: str
    field: str
    shown: str
    now: str
    unit_key: str = ""


FACTS = ("quantity", "unit_price", "tax_percent", "backordered")


def digest_of(lines: Sequence[ShownLine], currency: str) -> str:
    """The facts as a short text that a form carries back unchanged."""
    facts = [currency, [_plain(line) for line in lines]]
    packed = zlib.compress(json.dumps(facts, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode()


def differences(shown_digest: str, lines: Sequence[ShownLine], currency: str) -> list[Difference]:
    """What differs between a digest and the facts of now, line by line; empty if nothing does.

    Raises InvalidValue for a digest that no page of ours has made.
    """
    if shown_digest == digest_of(lines, currency):
        return []
    shown_currency, rows = _facts(shown_digest)
    before = {(row[0], row[1]): row for row in rows}
    after = {(line.sku, line.unit_key): _plain(line) for line in lines}
    found = [Difference(key[0], "line", "", after[key][2]) for key in after if key not in before]
    found += [Difference(key[0], "line", before[key][2], "") for key in before if key not in after]
    for key in before.keys() & after.keys():
        found += _changed(before[key], after[key])
    if shown_currency != currency:
        found.append(Difference("", "currency", shown_currency, currency))
    return sorted(found, key=lambda item: (item.sku, item.field))


def shown_prices(shown_digest: str) -> dict[tuple[str, str], Decimal]:
    """The price that was shown of each line, by SKU and unit; without those on request.

    Raises InvalidValue for a digest that no page of ours has made.
    """
    _currency, rows = _facts(shown_digest)
    return {(row[0], row[1]): Decimal(row[3]) for row in rows if row[3]}


def _changed(before: list[str], after: list[str]) -> list[Difference]:
    names = ["sku", "unit_key", "quantity", "unit_price", "net_amount", "tax_percent", "backordered"]
    return [
        Difference(after[0], name, old, new, after[1])
        for name, old, new in zip(names, before, after, strict=True)
        if name in FACTS and old != new
    ]


def _plain(line: ShownLine) -> list[str]:
    return [
        line.sku,
        line.unit_key,
        *(
            "" if value is None else f"{value.normalize():f}"
            for value in (
                line.quantity,
                line.unit_price,
                line.net_amount,
                line.tax_percent,
                line.backordered,
            )
        ),
    ]


def _facts(digest: str) -> tuple[str, list[Any]]:
    try:
        raw = zlib.decompressobj().decompress(base64.urlsafe_b64decode(digest.encode()), 4_000_000)
        currency, rows = json.loads(raw)
        if all(_is_line(row) for row in rows):
            return currency, rows
    except (ValueError, TypeError, RecursionError, zlib.error):
        pass
    raise InvalidValue("The order form is damaged: open the checkout again.", field="shown_digest")


def _is_line(row: Any) -> bool:
    return len(row) == 7 and all(isinstance(fact, str) for fact in row) and _is_number(row[3])


def _is_number(text: str) -> bool:
    return not text or text.replace(".", "", 1).isdecimal()
