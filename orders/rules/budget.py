"""Periods of budgets, and what an order does to one."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core.errors import DomainError
from core.money import ZERO


class OverBudget(DomainError):
    """A budget that refuses what exceeds it has not enough left."""

    code = "over_budget"


def period_of(
    kind: str, day: date, starts_on: date | None = None, ends_on: date | None = None
) -> tuple[date, date] | None:
    """The first day of the period that a day lies in, and the first after it; None outside of a custom one.

    starts_on: a budget that begins later has no period yet; ends_on: inclusive.
    """
    if (starts_on and day < starts_on) or (ends_on and day > ends_on):
        return None
    if kind == "custom":
        assert starts_on is not None and ends_on is not None  # noqa: S101, PT018 - a constraint of the table
        return starts_on, ends_on + timedelta(days=1)
    if kind == "year":
        return date(day.year, 1, 1), date(day.year + 1, 1, 1)
    months = 3 if kind == "quarter" else 1
    first = (day.month - 1) // months * months + 1
    after = first + months
    return date(day.year, first, 1), date(day.year + after // 13, (after - 1) % 12 + 1, 1)


@dataclass(frozen=True)
class BudgetFigures:
    """How a budget stands in a period; net. amount: None for no limit."""

    amount: Decimal | None
    reserved: Decimal = ZERO
    spent: Decimal = ZERO

    @property
    def left(self) -> Decimal | None:
        """What is free; below zero when exceeded, None without a limit."""
        return None if self.amount is None else self.amount - self.reserved - self.spent

    def exceeded_by(self, more: Decimal) -> Decimal:
        """How much is missing for an amount; zero while it fits, exactly at the limit still does."""
        return ZERO if self.left is None else max(more - self.left, ZERO)

    def percent(self, part: Decimal) -> int:
        """A part of the amount in whole percent, at most 100; all of it where nothing is free."""
        if self.amount is None:
            return 0
        return 100 if self.amount == 0 else min(int(part * 100 / self.amount), 100)

    def to_json(self) -> dict[str, Any]:
        """The figures as an approver saw them."""
        return {
            "amount": None if self.amount is None else str(self.amount),
            "reserved": str(self.reserved),
            "spent": str(self.spent),
            "left": None if self.left is None else str(self.left),
        }


@dataclass(frozen=True)
class Weight:
    """What an order weighs on budgets: reserved until it is confirmed, spent from then on, net."""

    reserved: Decimal
    spent: Decimal


def weight(status: str, net_amount: Decimal, rest_amount: Decimal) -> Weight:
    """What an order weighs in a status. rest_amount: net of what is not cancelled."""
    if status in ("pending_approval", "received", "on_hold"):
        return Weight(net_amount, ZERO)
    if status in ("confirmed", "closed"):
        return Weight(ZERO, rest_amount)
    return Weight(ZERO, ZERO)


def moves_to(before: Weight, after: Weight) -> list[tuple[str, Decimal]]:
    """The movements that lead from one weight to another, (kind, amount above zero).

    Something reserved is spent before it is given back: spending takes it out of what is reserved.
    """
    found: list[tuple[str, Decimal]] = []
    reserved, spent = before.reserved, before.spent
    more_spent = after.spent - spent
    if more_spent > 0:
        lacking = more_spent - reserved
        if lacking > 0:
            found.append(("reserved", lacking))
            reserved += lacking
        found.append(("spent", more_spent))
        reserved -= more_spent
    elif more_spent < 0:
        found.append(("refunded", -more_spent))
    if after.reserved > reserved:
        found.append(("reserved", after.reserved - reserved))
    elif after.reserved < reserved:
        found.append(("released", reserved - after.reserved))
    return found
