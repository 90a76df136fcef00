"""Why a company sees a product, or does not: the deciding rules in order, for staff (ENT-14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from catalog.entitlement import range_of, within
from catalog.models import AssortmentRule, Product
from catalog.ranges import Given, Range, Standing
from catalog.restrictions import Binding, bindings_for
from catalog.tree import path_of


class Verdict(StrEnum):
    """What decides whether a product is seen."""

    UNPUBLISHED = "unpublished"
    OPEN = "open"
    CLOSED = "closed"
    TAKEN_OUT = "taken_out"
    NOT_IN = "not_in"
    SEEN = "seen"


@dataclass(frozen=True)
class Deciding:
    """An assortment of the company with what it says about the product.

    rules: those of its rules that name the product or a category above it; taken out before put in.
    """

    given: Given
    standing: Standing
    rules: tuple[AssortmentRule, ...]

    @property
    def counts(self) -> bool:
        """Whether what it says is heard at all."""
        return self.standing == Standing.COUNTS

    @property
    def takes_out(self) -> bool:
        """Whether it takes the product out."""
        return any(rule.effect == AssortmentRule.Effect.EXCLUDE for rule in self.rules)

    @property
    def puts_in(self) -> bool:
        """Whether it holds the product by a rule, or because it holds everything."""
        return self.given.covers_all or any(
            rule.effect == AssortmentRule.Effect.INCLUDE for rule in self.rules
        )


@dataclass(frozen=True)
class Explanation:
    """Why a company sees a product on a day, or not. is_sold: the product's status lets it be bought.

    deciding: every assortment that was ever given to the company, nearest first. restrictions: what binds beside it.
    """

    is_seen: bool
    verdict: Verdict
    is_sold: bool
    deciding: tuple[Deciding, ...]
    restrictions: tuple[Binding, ...]


def all_explained(lineage: Sequence[int], product: Product, on: date) -> Explanation:
    """Why a company may know of a product on a day, or not. lineage: its id and those above it, nearest first.

    is_seen comes from the same filter that pages ask, the reasons beside it from the same rules.
    """
    seen = range_of(lineage, on)
    published = Product.objects.filter(pk=product.pk, pim_as_of__isnull=False)
    deciding = _deciding(seen, product)
    return Explanation(
        is_seen=within(published, seen).exists(),
        verdict=_verdict(seen, product, deciding),
        is_sold=product.status == Product.Status.ACTIVE,
        deciding=deciding,
        restrictions=tuple(bindings_for(lineage, [product.pk], on)),
    )


def _deciding(seen: Range, product: Product) -> tuple[Deciding, ...]:
    ids = {given.assortment_id for given, _standing in seen.given}
    path = {category.pk for category in path_of(product.category)}
    rules: dict[int, list[AssortmentRule]] = {}
    found = AssortmentRule.objects.filter(assortment__in=ids).select_related("product", "category")
    named = found.filter(product=product) | found.filter(category__in=path)
    for rule in named.order_by("effect", "pk"):  # "exclude" before "include"
        rules.setdefault(rule.assortment_id, []).append(rule)
    return tuple(
        Deciding(given, standing, tuple(rules.get(given.assortment_id, ()))) for given, standing in seen.given
    )


def _verdict(seen: Range, product: Product, deciding: Sequence[Deciding]) -> Verdict:
    counted = [one for one in deciding if one.counts]
    if product.pim_as_of is None:
        return Verdict.UNPUBLISHED
    if seen.is_open:
        return Verdict.OPEN
    if not counted:
        return Verdict.CLOSED
    if any(one.takes_out for one in counted):
        return Verdict.TAKEN_OUT
    return Verdict.SEEN if any(one.puts_in for one in counted) else Verdict.NOT_IN
