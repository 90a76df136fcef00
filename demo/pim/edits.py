"""What the PIM's editors change between two drops."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from demo.pim.content import Row

TEXTS = ("name", "description", "brand", "standard")


class UnknownField(ValueError):
    """An edit names a product or a field that the drop has not; the message lists what may be edited."""


@dataclass(frozen=True)
class Edit:
    """One changed text. field: name, description, brand, standard, or packaging.XBX for how a unit is packed."""

    sku: str
    field: str
    value: str


def edited(rows: list[Row], edits: Sequence[Edit], without: Collection[str]) -> list[Row]:
    """Return the products without those that left, with the edits applied; relations follow.

    Raises UnknownField when an edit or a number hits nothing.
    """
    known = {row["sku"]: row for row in rows}
    for sku in [*without, *(edit.sku for edit in edits)]:
        if sku not in known:
            raise UnknownField(f"There is no product {sku} in the PIM.")
    for edit in edits:
        _apply(known[edit.sku], edit)
    kept = [row for row in rows if row["sku"] not in without]
    for row in kept:
        row["relations"] = [relation for relation in row["relations"] if relation["sku"] not in without]
    return kept


def _apply(row: Row, edit: Edit) -> None:
    if edit.field in TEXTS:
        row[edit.field] = edit.value
        return
    kind, _, code = edit.field.partition(".")
    packs = [pack for pack in row["packaging"] if kind == "packaging" and pack["unit_code"] == code]
    if not packs:
        fields = [*TEXTS, *(f"packaging.{pack['unit_code']}" for pack in row["packaging"])]
        raise UnknownField(f"{edit.sku} has no field {edit.field}; there are {', '.join(fields)}.")
    packs[0]["text"] = edit.value
