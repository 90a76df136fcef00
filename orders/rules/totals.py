"""The amounts of an order: nets by line, tax per rate, and their sums."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.money import ZERO, tax_per_rate


@dataclass(frozen=True)
class Totals:
    """The amounts of a document. taxes: per rate its percent, the net it is on, and the tax."""

    net_amount: Decimal
    tax_amount: Decimal
    taxes: tuple[tuple[Decimal, Decimal, Decimal], ...]

    @property
    def gross_amount(self) -> Decimal:
        """Net and tax."""
        return self.net_amount + self.tax_amount

    def taxes_as_json(self) -> list[dict[str, Any]]:
        """The taxes as they are stored with a document."""
        return [
            {"percent": str(percent), "base": str(base), "amount": str(tax)}
            for percent, base, tax in self.taxes
        ]


def totals_of(lines: list[tuple[Decimal, Decimal]], currency: str) -> Totals:
    """The totals of lines given as (net amount, tax percent). Source: design, section 4."""
    taxes = tax_per_rate(lines, currency)
    bases: dict[Decimal, Decimal] = {}
    for net, percent in lines:
        key = percent.normalize()
        bases[key] = bases.get(key, ZERO) + net
    return Totals(
        net_amount=sum((net for net, _percent in lines), ZERO),
        tax_amount=sum(taxes.values(), ZERO),
        taxes=tuple((percent, bases[percent], taxes[percent]) for percent in sorted(taxes)),
    )
