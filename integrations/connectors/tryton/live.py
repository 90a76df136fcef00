"""The three questions that Tryton is asked while a buyer waits: price, stock, credit.

Few and short calls: products, units and warehouses go by the ids that its own flows have brought, and what can
be asked of all lines at once is. Whatever is missing in an answer is left out: no figure is ever made up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from weakref import WeakSet

from integrations.connectors.tryton import mapping
from integrations.connectors.tryton.company import ground_of, seat_of
from integrations.connectors.tryton.reading import clock_of
from integrations.connectors.tryton.transport import Tryton, connection
from integrations.failures import Broken, CallFailed
from orders.live import AskedLine, Heard, LivePrice, LiveQuestion

Row = dict[str, Any]


def ask_prices(question: LiveQuestion, erp: Tryton | None = None) -> Heard:
    """The price of each line, by the list that the ERP has for the company or for the nearest above it.

    One call for all where the ERP has our module; elsewhere one per unit and quantity, for all products with
    these. When the time is over, what has come is answered, and why the rest has not. Raises CallFailed
    when nothing could be asked.
    """
    erp = erp or connection()
    seat = seat_of(erp)
    as_of = clock_of(erp)
    party = _party_with_list(erp, question.lineage)
    if party is None or seat.currency != question.currency:
        return Heard(why="refused")
    groups = list(_groups(question.lines))
    context = {
        **seat.context,
        "customer": party["id"],
        "price_list": party["sale_price_list"],
        "currency": seat.main_currency_id,
    }
    together = _all_at_once(erp, groups, context)
    if together is not None:
        told = [_prices_of(rows, lines, as_of) for (_ask, lines), rows in zip(groups, together, strict=True)]
        return Heard(prices=tuple(price for some in told for price in some))
    prices: list[LivePrice] = []
    for (unit, quantity), lines in groups:
        asked = {**context, "quantity": _number(quantity), "uom": unit}
        try:
            rows = _products(erp, _skus(lines), ["code", "sale_price_uom"], asked)
        except CallFailed as failure:
            if not prices:
                raise
            return Heard(prices=tuple(prices), why="timeout" if failure.is_late else "absent")
        prices += _prices_of(rows, lines, as_of)
    return Heard(prices=tuple(prices))


# Connections to an ERP without the method of our module: they are asked group by group.
_one_by_one: WeakSet[Tryton] = WeakSet()


def _all_at_once(
    erp: Tryton, groups: list[tuple[tuple[int, Decimal], list[AskedLine]]], context: dict[str, Any]
) -> list[list[Row]] | None:
    """The answers to all groups by one call, in their order; None where the ERP has no such call."""
    if erp in _one_by_one or len(groups) < 2:
        return None
    asks = [[unit, _number(quantity), _skus(lines)] for (unit, quantity), lines in groups]
    try:
        found: list[list[Row]] = erp.call("model.product.product.portal_prices", asks, context=context)
    except Broken:
        _one_by_one.add(erp)
        return None
    return found if len(found) == len(groups) else None


def _skus(lines: Iterable[AskedLine]) -> list[str]:
    return sorted({line.sku for line in lines})


def _party_with_list(erp: Tryton, lineage: tuple[str, ...]) -> Row | None:
    """The nearest company with a price list of its own, or the first one, which then pays list prices.

    None when the ERP does not know the first: what it says of others is nothing to go by.
    """
    parties = _parties(erp, lineage, ["code", "sale_price_list"])
    own = parties.get(lineage[0]) if lineage else None
    if own is None:
        return None
    return next((row for number in lineage if (row := parties.get(number)) and row["sale_price_list"]), own)


def _groups(lines: Iterable[AskedLine]) -> Iterator[tuple[tuple[int, Decimal], list[AskedLine]]]:
    """The lines that one call can ask together; those whose unit the ERP has not named cannot be asked."""
    groups: dict[tuple[int, Decimal], list[AskedLine]] = defaultdict(list)
    for line in lines:
        if line.has_erp_price and line.unit_erp_id.isdecimal():
            groups[int(line.unit_erp_id), line.break_quantity].append(line)
    yield from groups.items()


def _number(quantity: Decimal) -> int | float:
    """A quantity as Tryton converts it between units: there it cannot be a decimal."""
    return int(quantity) if quantity == int(quantity) else float(quantity)


def _prices_of(rows: list[Row], lines: list[AskedLine], as_of: Any) -> list[LivePrice]:
    said = {row["code"]: row["sale_price_uom"] for row in rows}
    return [
        LivePrice(
            sku=line.sku,
            unit_key=line.unit_key,
            break_quantity=line.break_quantity,
            unit_price=said[line.sku],
            as_of=as_of,
        )
        for line in lines
        # Nothing costs nothing: no price, or none above zero, is no answer.
        if isinstance(said.get(line.sku), Decimal) and said[line.sku] > 0
    ]


def ask_stock(question: LiveQuestion, erp: Tryton | None = None) -> Heard:
    """What lies in the warehouse that the goods would leave, of each product. One call."""
    erp = erp or connection()
    seat = seat_of(erp)
    as_of = clock_of(erp)
    place = question.warehouse_erp_id
    warehouse = int(place) if place.isdecimal() else ground_of(erp).warehouse_id(question.warehouse_code)
    # Without a place Tryton answers 0 for everything, and no error.
    context = {**seat.context, "locations": [warehouse], "stock_date_end": as_of.date()}
    rows = _products(
        erp, sorted({line.sku for line in question.lines}), ["code", "quantity", "type"], context
    )
    return Heard(
        stock=tuple(
            mapping.stock(row, warehouse=question.warehouse_code, as_of=as_of)
            for row in rows
            if row["type"] == "goods" and row["quantity"] is not None
        )
    )


def ask_credit(question: LiveQuestion, erp: Tryton | None = None) -> Heard:
    """Limit and use of every company that shares the limit, and who asks for approvals. One call."""
    erp = erp or connection()
    seat = seat_of(erp)
    as_of = clock_of(erp)
    fields = ["code", "credit_amount", "credit_limit_amount", "categories.name"]
    parties = _parties(erp, dict.fromkeys((*question.credit_numbers, *question.lineage)), fields)
    return Heard(
        credit=tuple(
            mapping.credit(row, currency=seat.currency, as_of=as_of)
            for number, row in parties.items()
            if number in question.credit_numbers and row["credit_amount"] is not None
        ),
        approvals=tuple(
            mapping.approval_word(row, as_of=as_of)
            for number, row in parties.items()
            if number in question.lineage
        ),
    )


def _parties(erp: Tryton, numbers: Iterable[str], fields: list[str]) -> dict[str, Row]:
    rows = erp.call(
        "model.party.party.search_read",
        [["code", "in", list(numbers)]],
        0,
        None,
        None,
        fields,
        context=seat_of(erp).context,
    )
    return {row["code"]: row for row in rows}


def _products(erp: Tryton, skus: list[str], fields: list[str], context: dict[str, Any]) -> list[Row]:
    rows: list[Row] = erp.call(
        "model.product.product.search_read",
        [["code", "in", skus]],
        0,
        None,
        None,
        fields,
        context=context,
    )
    return rows
