"""Whether restrictions let lines be ordered: licences, quantities over all lines and units, where goods go.

Each refusal names the product, the rule and what to do next (ENT-05, ENT-06, ENT-03, ENT-07).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from orders.rules.lines import LineRefusal


class Kind(StrEnum):
    """What a restriction is about."""

    LICENCE = "licence"
    QUANTITY = "quantity"
    ALLOWED_PLACE = "allowed_place"
    FORBIDDEN_PLACE = "forbidden_place"


@dataclass(frozen=True)
class Rule:
    """A restriction that binds a company for one product today.

    name: how it is called in refusals. licence, licence_name, next_step: code, name and way out of the
    licence. limit: base units in a period. ends_on: first day after the running period. has_period: orders
    placed before count. country, postal_prefix: of the place. note: what else the buyer reads.
    """

    name: str
    kind: Kind
    product_id: int
    licence: str = ""
    licence_name: str = ""
    next_step: str = ""
    limit: Decimal = Decimal(0)
    period: str = ""
    period_label: str = ""
    ends_on: date | None = None
    country: str = ""
    postal_prefix: str = ""
    note: str = ""


@dataclass(frozen=True)
class Held:
    """A licence that a company holds. is_certain: our word on it is not too old to go by."""

    licence: str
    number: str
    valid_from: date | None = None
    valid_until: date | None = None
    is_withdrawn: bool = False
    is_ours: bool = True
    is_certain: bool = True

    def is_valid(self, on: date) -> bool:
        """Whether it counts on a day."""
        begun = self.valid_from is None or self.valid_from <= on
        return begun and not self.is_withdrawn and (self.valid_until is None or on < self.valid_until)


@dataclass(frozen=True)
class Place:
    """Where goods would go."""

    country: str
    postal_code: str = ""

    def is_in(self, rule: Rule) -> bool:
        """Whether it is in the country, and under the postal codes, that a rule names."""
        code = self.postal_code.replace(" ", "").upper()
        prefix = rule.postal_prefix.replace(" ", "").upper()
        return self.country.upper() == rule.country.upper() and code.startswith(prefix)


@dataclass(frozen=True)
class WantedLine:
    """A line as the rules see it: the quantity in base units, the unit's symbol for the message."""

    position: int
    product_id: int
    sku: str
    quantity_base: Decimal
    unit: str = ""


@dataclass(frozen=True)
class Facts:
    """What the rules are held against. places: where the goods may go, none if that is not known yet.

    before: base units of each product ordered in the period of each rule, by the rule's name and product.
    """

    on: date
    held: tuple[Held, ...] = ()
    places: tuple[Place, ...] = ()
    before: Mapping[tuple[str, int], Decimal] | None = None


def refusals_of(lines: Sequence[WantedLine], rules: Iterable[Rule], facts: Facts) -> list[LineRefusal]:
    """What the restrictions say against the lines, in the lines' order."""
    found: list[LineRefusal] = []
    by_product: dict[int, list[Rule]] = {}
    for rule in rules:
        by_product.setdefault(rule.product_id, []).append(rule)
    totals: dict[int, Decimal] = {}
    for line in lines:
        totals[line.product_id] = totals.get(line.product_id, Decimal(0)) + line.quantity_base
    for line in lines:
        own = by_product.get(line.product_id, [])
        found += [_licence(line, rule, facts) for rule in own if _lacks(rule, facts)]
        found += [_quantity(line, rule, facts, totals) for rule in own if _exceeds(rule, facts, totals)]
        found += _places(line, own, facts)
    return found


def _lacks(rule: Rule, facts: Facts) -> bool:
    return rule.kind == Kind.LICENCE and not any(
        one.licence == rule.licence and one.is_valid(facts.on) for one in facts.held
    )


def _licence(line: WantedLine, rule: Rule, facts: Facts) -> LineRefusal:
    step = rule.next_step or _("Send it to your contact in sales, then order again.")
    known = [one for one in facts.held if one.licence == rule.licence]
    ended = [one for one in known if one.valid_until is not None and one.valid_until <= facts.on]
    words = {"sku": line.sku, "licence": rule.licence_name, "step": step}
    if not known:
        text = _("%(sku)s is sold only with the licence “%(licence)s”, which we do not have of you. %(step)s")
    elif ended and len(ended) == len(known):
        last = max(ended, key=lambda one: one.valid_until or facts.on)
        words |= {"number": last.number, "day": _day(last.valid_until, before=1)}
        text = _(
            "%(sku)s is sold only with the licence “%(licence)s”; yours, %(number)s, was valid through "
            "%(day)s. %(step)s"
        )
    else:
        words |= {"number": known[0].number}
        text = _(
            "%(sku)s is sold only with the licence “%(licence)s”; yours, %(number)s, is not valid now. %(step)s"
        )
    return _refusal(line, rule, "licence_required", text % words)


def _exceeds(rule: Rule, facts: Facts, totals: Mapping[int, Decimal]) -> bool:
    return rule.kind == Kind.QUANTITY and _ordered(rule, facts) + totals[rule.product_id] > rule.limit


def _ordered(rule: Rule, facts: Facts) -> Decimal:
    return (facts.before or {}).get((rule.name, rule.product_id), Decimal(0))


def _quantity(line: WantedLine, rule: Rule, facts: Facts, totals: Mapping[int, Decimal]) -> LineRefusal:
    before = _ordered(rule, facts)
    words = {
        "sku": line.sku,
        "limit": _plain(rule.limit),
        "unit": line.unit,
        "period": rule.period_label,
        "wanted": _plain(totals[line.product_id]),
        "before": _plain(before),
        "left": _plain(max(rule.limit - before, Decimal(0))),
        "day": _day(rule.ends_on),
    }
    if not before:
        text = _(
            "Of %(sku)s at most %(limit)s %(unit)s can be ordered %(period)s; these lines are %(wanted)s "
            "%(unit)s together. Order %(left)s %(unit)s or less."
        )
    else:
        text = _(
            "Of %(sku)s at most %(limit)s %(unit)s can be ordered %(period)s, %(before)s %(unit)s have been and "
            "these lines are %(wanted)s %(unit)s. Order %(left)s %(unit)s or less, or the rest from %(day)s on."
        )
    return _refusal(line, rule, "quantity_limit", text % words)


def _places(line: WantedLine, rules: Sequence[Rule], facts: Facts) -> list[LineRefusal]:
    """Refused only if the goods may go to none of the places that are possible."""
    deciding = [_place_rule(rules, place) for place in facts.places]
    if not deciding or not all(deciding):
        return []
    rule = next(rule for rule in deciding if rule is not None)
    where = " ".join(part for part in (facts.places[0].country, facts.places[0].postal_code) if part)
    text = _(
        "%(sku)s may not be sent to %(where)s. Choose another delivery address, take the line out, or ask your "
        "contact in sales."
    )
    return [_refusal(line, rule, "ship_to_region", text % {"sku": line.sku, "where": where})]


def _place_rule(rules: Sequence[Rule], place: Place) -> Rule | None:
    """The rule by which goods may not go to a place; None when they may."""
    forbidding = [rule for rule in rules if rule.kind == Kind.FORBIDDEN_PLACE and place.is_in(rule)]
    allowing = [rule for rule in rules if rule.kind == Kind.ALLOWED_PLACE]
    if forbidding:
        return forbidding[0]
    return allowing[0] if allowing and not any(place.is_in(rule) for rule in allowing) else None


def uncertain_licences(
    lines: Iterable[WantedLine], rules: Iterable[Rule], facts: Facts, *, is_silent: bool
) -> list[str]:
    """The products whose licence rests on another system's word that cannot be had now, by SKU (ENT-16).

    is_silent: that system was asked a moment ago and did not answer.
    """
    needed = {(rule.product_id, rule.licence) for rule in rules if rule.kind == Kind.LICENCE}
    doubtful = set()
    for product_id, licence in needed:
        valid = [one for one in facts.held if one.licence == licence and one.is_valid(facts.on)]
        if valid and not any(one.is_ours or (one.is_certain and not is_silent) for one in valid):
            doubtful.add(product_id)
    return sorted({line.sku for line in lines if line.product_id in doubtful})


def _refusal(line: WantedLine, rule: Rule, code: str, message: str) -> LineRefusal:
    whole = f"{message} {rule.note}".strip()
    return LineRefusal(line.position, line.sku, code, whole, rule=rule.name)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _day(day: date | None, *, before: int = 0) -> str:
    return date_format(day - timedelta(days=before)) if day else ""
