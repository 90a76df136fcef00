"""Reads of pricing: the one price sheet, ladders, tax rates, costs, and what staff look up."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.customers import Customers
from accounts.models import Company
from accounts.queries.lines import lineage_of
from accounts.scope import Scope
from accounts.segments import segments_of
from accounts.states import Right
from catalog.models import Product
from core import freshness
from core.days import erp_today
from core.errors import InvalidValue
from pricing.answers import Ask, Candidate, PriceAnswer, PriceContext
from pricing.models import ItemCost, PriceListAssignment, PricePolicy, TaxRate
from pricing.rules import LadderStep, combined_ladder

FRESHNESS = "prices"

ELIGIBLE = """
    WITH policy AS (
        SELECT version, precedence FROM pricing_pricepolicy
        WHERE active_from <= %(now)s ORDER BY version DESC LIMIT 1
    ), line AS (
        SELECT id, nth - 1 AS distance FROM unnest(%(lineage)s::bigint[]) WITH ORDINALITY AS t(id, nth)
    ), eligible AS (
        SELECT DISTINCT ON (list.id, assignment.segment)
            list.id, list.code, list.name, list.kind,
            coalesce(company.number, assignment.segment) AS origin,
            line.distance, assignment.priority, assignment.segment,
            -- As near as the companies of the line, then what segments have, then what everybody has.
            coalesce(line.distance, CASE assignment.segment WHEN '' THEN 10001 ELSE 10000 END) AS level,
            array_position(policy.precedence, list.kind) AS precedence
        FROM policy
        CROSS JOIN pricing_pricelist AS list
        JOIN pricing_pricelistassignment AS assignment ON assignment.price_list_id = list.id
        LEFT JOIN line ON line.id = assignment.company_id
        LEFT JOIN accounts_company AS company ON company.id = line.id
        WHERE list.is_active AND list.currency = %(currency)s
            AND array_position(policy.precedence, list.kind) IS NOT NULL
            AND (assignment.company_id IS NULL OR line.id IS NOT NULL)
            AND (assignment.valid_from IS NULL OR assignment.valid_from <= %(on)s)
            AND (assignment.valid_until IS NULL OR assignment.valid_until > %(on)s)
        ORDER BY list.id, assignment.segment, line.distance NULLS LAST, assignment.priority
    )
    SELECT policy.version, (SELECT as_of FROM core_freshness WHERE kind = %(kind)s),
        eligible.id, eligible.code, eligible.name, eligible.kind, eligible.origin,
        eligible.distance, eligible.priority, eligible.segment
    FROM policy LEFT JOIN eligible ON true
    ORDER BY eligible.precedence, eligible.level, eligible.priority, eligible.id
"""

VALID = """
    row.ended_run_id IS NULL
    AND (row.valid_from IS NULL OR row.valid_from <= %(on)s)
    AND (row.valid_until IS NULL OR row.valid_until > %(on)s)
"""

# The numbers come as arrays and the lateral part is one descent of the unique index of current
# rows per ask and list: no product of customers and products ever arises.
PRICES = f"""
    SELECT ask.nth, list.id, price.id, price.min_quantity, price.unit_price, price.price_unit,
        price.formula, price.valid_from, price.valid_until, price.run_id, run.system, run.as_of
    FROM unnest(%(products)s::bigint[], %(quantities)s::numeric[])
        WITH ORDINALITY AS ask(product_id, quantity, nth)
    CROSS JOIN unnest(%(lists)s::bigint[]) AS list(id)
    CROSS JOIN LATERAL (
        SELECT row.* FROM pricing_pricerow AS row
        WHERE row.price_list_id = list.id AND row.product_id = ask.product_id
            AND row.min_quantity <= ask.quantity AND {VALID}
        ORDER BY row.min_quantity DESC LIMIT 1
    ) AS price
    JOIN pricing_pricerun AS run ON run.id = price.run_id
"""  # noqa: S608 - no value is put into the text

STEPS = f"""
    SELECT row.product_id, row.price_list_id, row.min_quantity, row.unit_price, row.price_unit
    FROM pricing_pricerow AS row
    WHERE row.price_list_id = ANY(%(lists)s::bigint[]) AND row.product_id = ANY(%(products)s::bigint[])
        AND {VALID}
    ORDER BY row.product_id, row.price_list_id, row.min_quantity
"""  # noqa: S608 - no value is put into the text


def context_for(scope: Scope, on: date | None = None) -> PriceContext:
    """The context of the acting company, to show prices by; one without prices for whoever may not see them."""
    if not scope.may(Right.VIEW_PRICES):
        return PriceContext(company_id=None, lineage=(), currency="", on=on or erp_today())
    return context_to_compute(scope, on)


def context_to_compute(scope: Scope, on: date | None = None) -> PriceContext:
    """The context of the acting company, to order by: who may order without seeing prices pays them all the same.

    What is computed by it is written by the rules of `core.amounts`, or not shown at all.
    """
    if scope.is_empty:
        return PriceContext(company_id=None, lineage=(), currency="", on=on or erp_today())
    return PriceContext(scope.company_id, scope.lineage, scope.currency, on or erp_today())


def context_for_company(company: Company, on: date | None = None) -> PriceContext:
    """The context of any company, for staff and jobs."""
    return PriceContext(company.pk, lineage_of(company.pk), company.currency, on or erp_today())


@dataclass(frozen=True)
class _Lists:
    """The lists that count in a context, best first, and what they were chosen by."""

    policy_version: int
    read_up_to: datetime | None
    rows: tuple[tuple[int, Candidate], ...]

    @property
    def ids(self) -> list[int]:
        return [list_id for list_id, _candidate in self.rows]


def price_sheet(context: PriceContext, asks: Sequence[Ask]) -> dict[Hashable, PriceAnswer]:
    """The price of each ask with its explanation, by the ask's key: the only place that prices.

    Two statements, three where a list belongs to a segment, whatever the number of asks. The best-ranked list that has a price for the
    quantity wins; lists rank by the kinds of the policy in force, distance in the company's
    line, then segments, then everybody's, priority, age. Source: PRC-01, PRC-02, PRC-03, PRC-24, design section 5.
    """
    if not asks:
        return {}
    lists = _eligible(context)
    breaks = _break_quantities(asks)
    found = _prices(context, lists, asks, breaks)
    return {
        ask.key: _answer(context, ask, breaks[ask.key], lists, found.get(nth, {}))
        for nth, ask in enumerate(asks, start=1)
    }


def _eligible(context: PriceContext) -> _Lists:
    if context.company_id is None:
        return _Lists(0, None, ())
    values: dict[str, Any] = {
        "now": timezone.now(),
        "lineage": list(context.lineage),
        "currency": context.currency,
        "on": context.on,
        "kind": FRESHNESS,
    }
    with connection.cursor() as cursor:
        cursor.execute(ELIGIBLE, values)
        rows = cursor.fetchall()
    version, read_up_to = rows[0][:2] if rows else (0, None)
    lists = _reaching(context, [row[2:] for row in rows if row[2] is not None])
    return _Lists(
        version,
        read_up_to,
        tuple((row[0], Candidate(rank, *row[1:-1])) for rank, row in enumerate(lists, start=1)),
    )


def _reaching(context: PriceContext, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of lists that reach the company, each list once, by its best row; the segment comes last.

    One statement more where some list belongs to a segment.
    """
    own = segments_of(context.lineage) if any(row[-1] for row in rows) else frozenset()
    best: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        if not row[-1] or row[-1] in own:
            best.setdefault(row[0], row)
    return list(best.values())


def _break_quantities(asks: Sequence[Ask]) -> dict[Hashable, Decimal]:
    """The quantity that finds the break, per key: the ask's own, or its basket's sum."""
    sums: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for ask in asks:
        sums[ask.basket, ask.product_id] += ask.quantity_base
    return {ask.key: sums[ask.basket, ask.product_id] if ask.basket else ask.quantity_base for ask in asks}


def _prices(
    context: PriceContext, lists: _Lists, asks: Sequence[Ask], breaks: dict[Hashable, Decimal]
) -> dict[int, dict[int, tuple[Any, ...]]]:
    """Per number of the ask and id of the list, the row that it reaches."""
    found: defaultdict[int, dict[int, tuple[Any, ...]]] = defaultdict(dict)
    if not lists.rows:
        return found
    values: dict[str, Any] = {
        "products": [ask.product_id for ask in asks],
        "quantities": [breaks[ask.key] for ask in asks],
        "lists": lists.ids,
        "on": context.on,
    }
    with connection.cursor() as cursor:
        cursor.execute(PRICES, values)
        for nth, list_id, *price in cursor.fetchall():
            found[nth][list_id] = tuple(price)
    return found


def _answer(
    context: PriceContext, ask: Ask, quantity: Decimal, lists: _Lists, found: dict[int, tuple[Any, ...]]
) -> PriceAnswer:
    candidates: list[Candidate] = []
    for list_id, plain in lists.rows:
        if list_id not in found:
            candidates.append(plain)
            continue
        row_id, least, unit_price, price_unit, formula, start, end, run_id, system, as_of = found[list_id]
        candidates.append(
            Candidate(
                plain.rank,
                plain.list_code,
                plain.list_name,
                plain.kind,
                plain.origin,
                plain.distance,
                plain.priority,
                row_id=row_id,
                min_quantity=least,
                unit_price=unit_price,
                price_unit=price_unit,
                formula=formula,
                valid_from=start,
                valid_until=end,
                run_id=run_id,
                system=system,
                as_of=freshness.later(as_of, lists.read_up_to),
                is_winner=all(other.row_id is None for other in candidates),
            )
        )
    winner = next((candidate for candidate in candidates if candidate.is_winner), None)
    as_of = winner.as_of if winner else lists.read_up_to
    return PriceAnswer(
        product_id=ask.product_id,
        quantity_base=ask.quantity_base,
        break_quantity=quantity,
        currency=context.currency,
        on=context.on,
        policy_version=lists.policy_version,
        candidates=tuple(candidates),
        as_of=as_of,
        is_stale=freshness.is_stale(FRESHNESS, as_of),
    )


def eligible_lists(context: PriceContext) -> list[Candidate]:
    """The lists that count for a company on a day, best first, each with its origin (ACC-08)."""
    return [candidate for _list_id, candidate in _eligible(context).rows]


def price_ladders(context: PriceContext, product_ids: Collection[int]) -> dict[int, list[LadderStep]]:
    """This company's ladder of each product, by product id; an empty one is on request.

    Two statements, whatever the number of products. Source: PRC-03.
    """
    lists = _eligible(context)
    steps: defaultdict[tuple[int, int], list[LadderStep]] = defaultdict(list)
    if lists.rows and product_ids:
        named = dict(lists.rows)
        values: dict[str, Any] = {"lists": lists.ids, "products": list(product_ids), "on": context.on}
        with connection.cursor() as cursor:
            cursor.execute(STEPS, values)
            for product_id, list_id, least, price, per in cursor.fetchall():
                source = named[list_id]
                step = LadderStep(least, price, per, source.list_code, source.kind)
                steps[product_id, list_id].append(step)
    return {
        product_id: combined_ladder([steps[product_id, list_id] for list_id in lists.ids])
        for product_id in product_ids
    }


def price_ladder(context: PriceContext, product: Product) -> list[LadderStep]:
    """This company's ladder of a product, from the smallest quantity up, in base units."""
    return price_ladders(context, [product.pk])[product.pk]


def active_policy() -> PricePolicy:
    """The policy in force: the newest version whose time has come."""
    return PricePolicy.objects.filter(active_from__lte=timezone.now()).latest("version")


def next_policy_at(now: datetime) -> datetime | None:
    """When a policy comes into force by itself after a moment; None while none waits for its time."""
    waiting = PricePolicy.objects.filter(active_from__gt=now).order_by("active_from")
    return waiting.values_list("active_from", flat=True).first()


def tax_percents(codes: Iterable[str]) -> dict[str, Decimal]:
    """The rate of each tax code, in percent. Raises InvalidValue naming a code that is not known."""
    wanted = set(codes)
    rates = dict(TaxRate.objects.filter(code__in=wanted).values_list("code", "percent"))
    missing = sorted(wanted - rates.keys())
    if missing:
        raise InvalidValue(
            _("There is no tax rate for the code “%(codes)s” yet; it comes with the ERP's tax rates.")
            % {"codes": ", ".join(missing)},
            codes=missing,
        )
    return rates


def tax_percent(code: str) -> Decimal:
    """The rate of a tax code, in percent. Raises InvalidValue for a code that is not known."""
    return tax_percents([code])[code]


def all_costs_of(product_ids: Collection[int]) -> dict[int, ItemCost]:
    """What products cost us per base unit, by product id: for sales, never for a buyer."""
    return {cost.product_id: cost for cost in ItemCost.objects.filter(product_id__in=product_ids)}


def all_assignments_to(customers: Customers) -> QuerySet[PriceListAssignment]:
    """Who gets which list, as far as it is everybody or one of these customers, for staff."""
    return PriceListAssignment.objects.filter(Q(company=None) | customers.of("company"))
