"""Filters of a product list by its attributes, with counts, in one statement."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from psycopg import sql

from catalog.models import Product

SHORT = 5
AT_ONCE = 12


@dataclass(frozen=True)
class FacetValue:
    """A value to filter by. count: how many products the list would hold with it."""

    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """An attribute to filter by, its values in their natural order. unit: the symbol to print."""

    code: str
    name: str
    unit: str
    values: tuple[FacetValue, ...]

    @property
    def is_chosen(self) -> bool:
        """Whether the list is filtered by it."""
        return any(value.is_chosen for value in self.values)

    @property
    def is_short(self) -> bool:
        """Whether its values are short enough to stand side by side."""
        return all(len(value.value) <= SHORT for value in self.values)

    @property
    def first(self) -> tuple[FacetValue, ...]:
        """The values to show at once."""
        return self.values[:AT_ONCE]

    @property
    def rest(self) -> tuple[FacetValue, ...]:
        """The values to show on demand."""
        return self.values[AT_ONCE:]

    @property
    def is_open(self) -> bool:
        """Whether one of those on demand is chosen."""
        return any(value.is_chosen for value in self.rest)


Chosen = Mapping[str, Sequence[str]]


def filtered(products: QuerySet[Product], chosen: Chosen) -> QuerySet[Product]:
    """The products that have one of the chosen values of every chosen attribute.

    chosen: {attribute code: values}.
    """
    for code, values in chosen.items():
        wanted = Q()
        for value in values:
            wanted |= Q(attributes__contains=[{"code": code, "value": value}])
        products = products.filter(wanted)
    return products


def facets_of(products: QuerySet[Product], chosen: Chosen) -> list[Facet]:
    """The filters that a list offers, in the order of the products' attributes. One statement.

    products: the list before any filter. A value counts the products that have it and satisfy the
    choices made on the *other* attributes, so that a second value of the same one can be added.
    """
    try:
        inner, params = products.order_by().values("pk", "attributes").query.sql_with_params()
    except EmptyResultSet:  # the ORM knows without asking that there is nothing
        return []
    has = sql.SQL("p.attributes @> ANY (%s::jsonb[])")
    tests: list[sql.Composable] = []
    for code, values in chosen.items():
        wanted = [json.dumps([{"code": code, "value": value}]) for value in values]
        tests.append(sql.SQL("(a->>'code' = %s OR {})").format(has))
        params = (*params, code, wanted)
    statement = sql.SQL(
        """
        SELECT a->>'code', min(a->>'name'), min(a->>'unit'), a->>'value', count(DISTINCT p.id), min(n)
        FROM ({products}) p(id, attributes),
            jsonb_array_elements(p.attributes) WITH ORDINALITY AS e(a, n)
        WHERE (a->>'is_facet')::bool AND a->>'code' <> '' AND {tests}
        GROUP BY 1, 4
        """
    ).format(
        products=sql.SQL(inner),  # built by the ORM, its parameters apart
        tests=sql.SQL(" AND ").join([sql.SQL("true"), *tests]),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows = cursor.fetchall()
    return _grouped(rows, chosen)


def _grouped(rows: list[tuple[Any, ...]], chosen: Chosen) -> list[Facet]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in sorted(rows, key=lambda row: (row[5], row[0], natural(row[3]))):
        found.setdefault(row[0], []).append(row)
    facets = []
    for code, values in found.items():
        listed = [
            FacetValue(row[3], row[4], row[3] in chosen.get(code, ()))
            for row in sorted(values, key=lambda row: natural(row[3]))
        ]
        facets.append(Facet(code, values[0][1], values[0][2] or "", tuple(listed)))
    return facets


def natural(value: str) -> list[tuple[int, float, str]]:
    """The order in which people read sizes: M5, M10, M16; 8, 12.5, 100."""
    parts = re.findall(r"\d+(?:\.\d+)?|\D+", value)
    return [(0, float(part), "") if part[0].isdigit() else (1, 0.0, part.lower()) for part in parts]
