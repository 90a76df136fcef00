"""What conditions of approval rules name, by name: to choose from, and to read.

Codes are what a rule keeps, since names change. What is of a unit that the reader does not manage is only counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import ngettext

from accounts.queries.addresses import ship_to_below
from accounts.queries.members import buyers_below
from accounts.scope import Scope
from catalog.queries import products_by_sku
from catalog.tree import CategoryNode, categories_for
from orders.queries.budget import cost_centres_below
from orders.states import Condition

Choices = list[tuple[str, str]]
# Named by who manages the company alone: what is not among the own ones is of another unit.
PRIVATE = {Condition.SHIP_TO, Condition.COST_CENTRE, Condition.REQUESTER}


def choices_for(scope: Scope) -> dict[Condition, Choices]:
    """(code, name) of the categories in range, and of delivery places, cost centres and buyers of the own units."""
    several = len(scope.company_ids) > 1
    return {
        Condition.CATEGORY: list(_categories(categories_for(scope))),
        Condition.SHIP_TO: [
            (row.erp_id, f"{row.name or row.company.name}, {row.street}, {row.city}")
            for row in ship_to_below(scope)
        ],
        Condition.COST_CENTRE: [
            (row.code, f"{row} ({row.company.name})" if several else str(row))
            for row in cost_centres_below(scope)
        ],
        Condition.REQUESTER: [(user.email, str(user)) for user in buyers_below(scope)],
    }


def _categories(nodes: Iterable[CategoryNode]) -> Iterable[tuple[str, str]]:
    for node in nodes:
        yield node.category.slug, "– " * node.depth + str(node.category.name)
        yield from _categories(node.children)


class RuleNames:
    """The names of what some rules name, read once for all of them."""

    def __init__(self, scope: Scope, conditions: Sequence[Mapping[str, Any]]) -> None:
        kinds = {one["kind"] for one in conditions}
        chosen: dict[Condition, Choices] = (
            choices_for(scope) if kinds & {Condition.CATEGORY, *PRIVATE} else {}
        )
        self.known = {
            kind: {value.casefold(): name.removeprefix("– ").lstrip("– ") for value, name in rows}
            for kind, rows in chosen.items()
        }
        skus = [sku for one in conditions if one["kind"] == Condition.PRODUCT for sku in one["any_of"]]
        products = products_by_sku(scope, skus) if skus else {}
        self.known[Condition.PRODUCT] = {
            sku.casefold(): f"{sku} {product.name}" for sku, product in products.items()
        }

    def words(self, one: Mapping[str, Any]) -> str:
        """The values of a condition by name."""
        kind, values = Condition(one["kind"]), [str(value) for value in one.get("any_of", [])]
        known = self.known.get(kind, {})
        told = [known.get(value.casefold(), value) for value in values]
        if kind not in PRIVATE:
            return ", ".join(told)
        own = [known[value.casefold()] for value in values if value.casefold() in known]
        others = len(values) - len(own)
        if others:
            text = ngettext("%(count)s of another unit", "%(count)s of other units", others)
            own.append(text % {"count": others})
        return ", ".join(own)


class Codes:
    """The same for the staff, who reads the codes themselves."""

    def words(self, one: Mapping[str, Any]) -> str:
        """The values of a condition as they are kept."""
        return ", ".join(str(value) for value in one.get("any_of", []))
