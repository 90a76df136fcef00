"""What the price sheet is asked, and what it answers: the price with its whole derivation."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pricing.rules import unit_price_of


@dataclass(frozen=True)
class PriceContext:
    """For whom and when a price is asked.

    lineage: the company and its ancestors, nearest first. on: a day of the ERP's zone. Without
    a company there are no prices at all.
    """

    company_id: int | None
    lineage: tuple[int, ...]
    currency: str
    on: date


@dataclass(frozen=True)
class Ask:
    """One question. quantity_base: in base units, inclusive for the breaks.

    key: what the answer is found by. basket: asks of the same product and basket add up to one
    quantity for the breaks, so that split lines cost what the joined line costs; without one an
    ask stands alone. Source: failure bank 16.
    """

    product_id: int
    quantity_base: Decimal
    key: Hashable
    basket: str = ""


@dataclass(frozen=True)
class Candidate:
    """A list that the company could buy by, and what it says about this product and quantity.

    row_id None: the list has no price for it. origin: number of the company that the list is
    agreed with, or key of the segment, "" for everybody. distance: 0 for the company itself, 1 for its parent ...
    """

    rank: int
    list_code: str
    list_name: str
    kind: str
    origin: str
    distance: int | None
    priority: int
    row_id: int | None = None
    min_quantity: Decimal | None = None
    unit_price: Decimal | None = None
    price_unit: Decimal = Decimal(1)
    formula: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    run_id: int | None = None
    system: str = ""
    as_of: datetime | None = None
    is_winner: bool = False

    @property
    def verdict(self) -> str:
        """wins, outranked (a better-ranked list has a price) or no_price."""
        if self.row_id is None:
            return "no_price"
        return "wins" if self.is_winner else "outranked"

    def unit_price_for(self, numerator: int, denominator: int = 1) -> Decimal | None:
        """This list's price of a unit of that many base units, to six places; None if it has none."""
        if self.unit_price is None:
            return None
        return unit_price_of(
            self.unit_price, price_unit=self.price_unit, numerator=numerator, denominator=denominator
        )


@dataclass(frozen=True)
class PriceAnswer:
    """The price of one ask, or that there is none: then it is on request, never zero (PRC-26).

    unit_price: for price_unit base units, None on request. row_id and run_id: the version it
    came from, kept for ever. system: erp or whoever owns it. as_of: up to when that system has
    been read. Source: PRC-10.
    """

    product_id: int
    quantity_base: Decimal
    break_quantity: Decimal
    currency: str
    on: date
    policy_version: int
    candidates: tuple[Candidate, ...] = ()
    as_of: datetime | None = None
    is_stale: bool = True

    @property
    def winner(self) -> Candidate | None:
        """The candidate whose price it is."""
        return next((candidate for candidate in self.candidates if candidate.is_winner), None)

    @property
    def is_on_request(self) -> bool:
        """Whether nobody has named a price."""
        return self.winner is None

    @property
    def unit_price(self) -> Decimal | None:
        """The price of price_unit base units."""
        return self.winner.unit_price if self.winner else None

    @property
    def price_unit(self) -> Decimal:
        """How many base units unit_price is for."""
        return self.winner.price_unit if self.winner else Decimal(1)

    @property
    def kind(self) -> str:
        """contract, group or list; "" on request."""
        return self.winner.kind if self.winner else ""

    @property
    def list_code(self) -> str:
        """The list it comes from."""
        return self.winner.list_code if self.winner else ""

    @property
    def list_name(self) -> str:
        """The name of that list."""
        return self.winner.list_name if self.winner else ""

    @property
    def row_id(self) -> int | None:
        """The version of the price."""
        return self.winner.row_id if self.winner else None

    @property
    def run_id(self) -> int | None:
        """The import that brought it."""
        return self.winner.run_id if self.winner else None

    @property
    def system(self) -> str:
        """The system whose price it is."""
        return self.winner.system if self.winner else ""

    def unit_price_for(self, numerator: int, denominator: int = 1) -> Decimal:
        """The price of one unit of numerator/denominator base units, to six places.

        Raises ValueError on request: there is nothing to compute with.
        """
        price = self.winner.unit_price_for(numerator, denominator) if self.winner else None
        if price is None:
            raise ValueError("a price on request has no amount")
        return price

    def candidate_of(self, kind: str) -> Candidate | None:
        """The best-ranked price of a kind, whoever wins: the list price beside an agreement."""
        return next((c for c in self.candidates if c.kind == kind and c.row_id is not None), None)

    def story(self) -> dict[str, Any]:
        """The derivation as JSON, to be kept on a quote or order line (PRC-10)."""
        winner = self.winner
        return {
            "v": 1,
            "on": self.on.isoformat(),
            "currency": self.currency,
            "quantity_base": str(self.quantity_base),
            "break_quantity": str(self.break_quantity),
            "policy_version": self.policy_version,
            "is_on_request": winner is None,
            "unit_price": _text(self.unit_price),
            "price_unit": str(self.price_unit),
            "kind": self.kind,
            "list_code": self.list_code,
            "list_name": self.list_name,
            "origin": winner.origin if winner else "",
            "min_quantity": _text(winner.min_quantity) if winner else None,
            "row_id": self.row_id,
            "run_id": self.run_id,
            "system": self.system,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "is_stale": self.is_stale,
            "candidates": [_candidate_json(candidate) for candidate in self.candidates],
        }


def told_to_buyer(story: dict[str, Any]) -> dict[str, Any]:
    """A story without the other lists, parents and ranks: those are ours to know, not the buyer's.

    An order made from a quote keeps the price sheet's story beside the offered price: that is for sales alone.
    """
    hidden = {"candidates", "policy_version", "beside"}
    return {name: value for name, value in story.items() if name not in hidden}


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "rank": candidate.rank,
        "list_code": candidate.list_code,
        "list_name": candidate.list_name,
        "kind": candidate.kind,
        "origin": candidate.origin,
        "distance": candidate.distance,
        "verdict": candidate.verdict,
        "unit_price": _text(candidate.unit_price),
        "price_unit": str(candidate.price_unit),
        "min_quantity": _text(candidate.min_quantity),
        "row_id": candidate.row_id,
        "run_id": candidate.run_id,
        "as_of": candidate.as_of.isoformat() if candidate.as_of else None,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
