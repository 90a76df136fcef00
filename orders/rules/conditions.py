"""When an approval rule asks for an approval: its conditions, and what an order is judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidValue
from orders.states import Condition

NUMBERS = {Condition.AMOUNT: "over", Condition.LINES: "over"}
LISTS = {
    Condition.CATEGORY,
    Condition.PRODUCT,
    Condition.BRAND,
    Condition.SHIP_TO,
    Condition.COST_CENTRE,
    Condition.REQUESTER,
}
BARE = {Condition.NEW_PRODUCT, Condition.BUDGET, Condition.ERP_HOLD}


@dataclass(frozen=True)
class OrderFacts:
    """What an order is judged by, as it stands for its requester.

    net_amount: before tax. skus, brands: of its lines; categories: slugs, with those above.
    new_skus: those that the company has never ordered. budgets: names of the budgets it exceeds.
    """

    net_amount: Decimal
    lines: int = 0
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    new_skus: frozenset[str] = frozenset()
    ship_to: str = ""
    cost_centre: str = ""
    requester: str = ""
    budgets: tuple[str, ...] = ()
    is_held_by_erp: bool = False

    def to_json(self) -> dict[str, Any]:
        """The facts as they are kept with a request."""
        return {
            "net_amount": str(self.net_amount),
            "lines": self.lines,
            "skus": sorted(self.skus),
            "categories": sorted(self.categories),
            "brands": sorted(self.brands),
            "new_skus": sorted(self.new_skus),
            "ship_to": self.ship_to,
            "cost_centre": self.cost_centre,
            "requester": self.requester,
            "budgets": list(self.budgets),
            "is_held_by_erp": self.is_held_by_erp,
        }


def check_conditions(conditions: Sequence[Mapping[str, Any]]) -> None:
    """Refuse conditions that say nothing or cannot be read. Raises InvalidValue.

    A rule without any condition counts for every order.
    """
    for one in conditions:
        kind = one.get("kind")
        if kind not in Condition.values:
            raise InvalidValue(_("There is no condition “%(kind)s”.") % {"kind": kind}, field="conditions")
        label = Condition(kind).label
        if kind in NUMBERS and _number(one.get("over")) is None:
            raise InvalidValue(
                _("%(condition)s: enter a number of 0 or more.") % {"condition": label}, field="conditions"
            )
        if kind in LISTS and not [value for value in one.get("any_of", []) if str(value).strip()]:
            raise InvalidValue(
                _("%(condition)s: say which, one at least.") % {"condition": label}, field="conditions"
            )


def hits(conditions: Sequence[Mapping[str, Any]], facts: OrderFacts) -> list[dict[str, Any]] | None:
    """Why a rule counts for an order, one reason per condition; None where one does not hold.

    Exactly at an amount or a number is still free. A reason: {"kind", "over" or "any_of", "found"}.
    """
    reasons = []
    for one in conditions:
        found = _found(one, facts)
        if found is None:
            return None
        reasons.append({**one, "found": found})
    return reasons


def _found(one: Mapping[str, Any], facts: OrderFacts) -> Any:
    """What of an order meets a condition, as JSON; None for nothing."""
    kind = one["kind"]
    if kind in NUMBERS:
        value = facts.net_amount if kind == Condition.AMOUNT else Decimal(facts.lines)
        limit = _number(one["over"])
        return str(value) if limit is not None and value > limit else None
    if kind in LISTS:
        wanted = {str(value).strip().casefold() for value in one["any_of"]}
        met = sorted(value for value in _values(kind, facts) if value.casefold() in wanted)
        return met or None
    bare = {
        Condition.NEW_PRODUCT: sorted(facts.new_skus),
        Condition.BUDGET: list(facts.budgets),
        Condition.ERP_HOLD: ["erp"] if facts.is_held_by_erp else [],
    }
    return bare[Condition(kind)] or None


def _values(kind: str, facts: OrderFacts) -> frozenset[str]:
    values = {
        Condition.CATEGORY: facts.categories,
        Condition.PRODUCT: facts.skus,
        Condition.BRAND: facts.brands,
        Condition.SHIP_TO: frozenset({facts.ship_to}),
        Condition.COST_CENTRE: frozenset({facts.cost_centre}),
        Condition.REQUESTER: frozenset({facts.requester}),
    }
    return values[Condition(kind)]


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None
