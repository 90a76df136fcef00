"""The restrictions on lines of a cart or order, with all that they are held against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import DecimalField, F, Sum
from django.db.models.functions import Cast

from accounts.models import Address, Licence
from accounts.queries.licences import licences_of
from accounts.queries.lines import tree_of
from catalog.models import Product, ProductRestriction
from catalog.restrictions import Binding, bindings_for
from core.days import erp_today, erp_zone
from core.freshness import is_stale, later, read_up_to
from core.periods import start_of, start_of_next
from core.units import unit
from orders.models import OrderLine
from orders.rules.lines import LineRefusal
from orders.rules.restrictions import (
    Facts,
    Held,
    Kind,
    Place,
    Rule,
    WantedLine,
    refusals_of,
    uncertain_licences,
)
from orders.states import OrderStatus

# What was ordered and will not be: it does not count.
GONE = (OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.RETURNED)
FRESHNESS = "licences"


@dataclass(frozen=True)
class Restricted:
    """The lines of a document with the rules that bind them."""

    lines: tuple[WantedLine, ...]
    rules: tuple[Rule, ...]
    facts: Facts

    @property
    def refusals(self) -> list[LineRefusal]:
        """What the rules say against the lines."""
        return refusals_of(self.lines, self.rules, self.facts)

    def uncertain(self, *, is_silent: bool) -> list[str]:
        """See orders.rules.restrictions.uncertain_licences."""
        return uncertain_licences(self.lines, self.rules, self.facts, is_silent=is_silent)


def wanted_line(position: int, product: Product, quantity_base: Decimal) -> WantedLine:
    """A line as the restrictions look at it. quantity_base: in base units."""
    return WantedLine(position, product.pk, product.sku, quantity_base, str(unit(product.base_unit).symbol))


def restricted(
    company_id: int,
    lineage: Sequence[int],
    lines: Sequence[WantedLine],
    places: Iterable[Address] = (),
    *,
    is_ordering: bool = False,
    without: int | None = None,
) -> Restricted:
    """The restrictions on these lines for a company today.

    lineage: its id and those above it, nearest first. places: where the goods may go, as far as it is known.
    is_ordering: take the locks that keep two orders at once from using the same rest of a quantity; then
    it belongs inside the transaction that places the order. without: id of the order whose own lines these
    are. One statement where nothing is restricted.
    """
    today = erp_today()
    bindings = bindings_for(lineage, {line.product_id for line in lines}, today)
    if not bindings:
        return Restricted(tuple(lines), (), Facts(today))
    limits = [one for one in bindings if _counts_earlier(one.restriction)]
    if is_ordering:
        _lock_quantities({(_counted_at(one, company_id), one.product_id) for one in limits})
    facts = Facts(
        on=today,
        held=_held_by(lineage) if _has(bindings, Kind.LICENCE) else (),
        places=tuple(Place(place.country, place.postal_code) for place in places)
        if _has(bindings, Kind.ALLOWED_PLACE) or _has(bindings, Kind.FORBIDDEN_PLACE)
        else (),
        before=_ordered_before(company_id, limits, today, without),
    )
    return Restricted(tuple(lines), tuple(_rule(one, today) for one in bindings), facts)


def _has(bindings: Iterable[Binding], kind: Kind) -> bool:
    return any(one.restriction.kind == kind for one in bindings)


def _counts_earlier(restriction: ProductRestriction) -> bool:
    return (
        restriction.kind == ProductRestriction.Kind.QUANTITY
        and restriction.period != ProductRestriction.Period.ORDER
    )


def _rule(binding: Binding, today: date) -> Rule:
    row = binding.restriction
    counts = _counts_earlier(row)
    return Rule(
        name=row.name,
        kind=Kind(row.kind),
        product_id=binding.product_id,
        licence=row.licence_kind.code if row.licence_kind else "",
        licence_name=row.licence_kind.name if row.licence_kind else "",
        next_step=row.licence_kind.next_step if row.licence_kind else "",
        limit=row.max_quantity or Decimal(0),
        period=row.period,
        period_label=row.get_period_display() if row.period else "",
        ends_on=start_of_next(row.period, today) if counts else None,
        country=row.country,
        postal_prefix=row.postal_prefix,
        note=row.note,
    )


def _held_by(lineage: Sequence[int]) -> tuple[Held, ...]:
    """The licences that count for a company. One statement, two where another system vouches for one."""
    licences = licences_of(lineage)
    heard = read_up_to().get(FRESHNESS) if any(one.system != "us" for one in licences) else None
    return tuple(_held(one, heard) for one in licences)


def _held(licence: Licence, heard: datetime | None) -> Held:
    is_ours = licence.system == "us"
    return Held(
        licence=licence.kind.code,
        number=licence.number,
        valid_from=licence.valid_from,
        valid_until=licence.valid_until,
        is_withdrawn=licence.is_withdrawn,
        is_ours=is_ours,
        is_certain=is_ours or not is_stale(FRESHNESS, later(licence.as_of, heard)),
    )


def _counted_at(limit: Binding, company_id: int) -> int:
    """The company whose orders a limit counts: the one it names, with all below it, or else the ordering one.

    So a limit of a group is not escaped by ordering in turn from its branches (ENT-06).
    """
    return limit.restriction.company_id or company_id


def _ordered_before(
    company_id: int, limits: Sequence[Binding], today: date, without: int | None
) -> dict[tuple[str, int], Decimal]:
    """What was ordered in the running period of each limit, in base units. One statement per period and company."""
    found: dict[tuple[str, int], Decimal] = {}
    counted = {
        (one.restriction.period, _counted_at(one, company_id), one.restriction.company_id) for one in limits
    }
    for period, at, named in sorted(counted, key=str):
        own = [
            one for one in limits if (one.restriction.period, one.restriction.company_id) == (period, named)
        ]
        whose = tree_of(at).values("pk") if named else [at]
        sums = _sums(whose, {one.product_id for one in own}, start_of(period, today), without)
        for one in own:
            found[one.restriction.name, one.product_id] = sums.get(one.product_id, Decimal(0))
    return found


def _sums(companies: Any, product_ids: set[int], since: date, without: int | None) -> dict[int, Decimal]:
    began = datetime.combine(since, time.min, tzinfo=erp_zone())
    exact: DecimalField[Decimal, Decimal] = DecimalField(max_digits=30, decimal_places=12)
    base = (
        Cast(F("ordered") - F("cancelled"), exact)
        * Cast(F("numerator"), exact)
        / Cast(F("denominator"), exact)
    )
    lines = OrderLine.objects.filter(
        order__company_id__in=companies, product_id__in=product_ids, order__placed_at__gte=began
    ).exclude(order__status__in=GONE)
    if without is not None:
        lines = lines.exclude(order_id=without)
    rows = lines.order_by().values_list("product_id").annotate(total=Sum(base, output_field=exact))
    return {product: round(total, 6) for product, total in rows}


def _lock_quantities(limits: set[tuple[int, int]]) -> None:
    """Let one order at a time use up a limit, (company, product); freed by the end of the transaction.

    In one order for everybody, so that two orders never wait for each other.
    """
    if not limits:
        return
    pairs = sorted(limits)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_advisory_xact_lock(hashtextextended('quantity limit ' || owner || ' ' || id, 0))
               FROM (SELECT owner, id FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(owner, id)
                     ORDER BY owner, id) AS sorted""",
            [[owner for owner, _id in pairs], [product for _owner, product in pairs]],
        )
