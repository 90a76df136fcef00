"""A product: drawing, facts, this company's price and why, stock, and what goes with it."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.states import Right
from catalog import queries
from catalog.availability import WarehouseAvailability
from catalog.models import Media, Product, ProductRelation
from catalog.rules import whole_units
from catalog.tree import path_of
from core import freshness
from core.money import ZERO
from portal.forms.catalogue import wish_of
from portal.middleware import BuyerRequest
from portal.views.catalogue.ladder import reasons_of, rungs_of
from portal.views.catalogue.offers import Offer, offers_for
from portal.views.parts import wants_part


@dataclass(frozen=True)
class StockRow:
    """Stock of a warehouse in the base unit and in whole chosen units (UOM-07)."""

    row: WarehouseAvailability
    whole: Decimal


@login_required
@require_safe
@vary_on_headers("HX-Request")
def product_detail(request: BuyerRequest, sku: str) -> HttpResponse:
    """A product in a unit and quantity; the part that they change alone when htmx asks."""
    product = queries.product_by_sku(request.scope, sku)
    relations = queries.related_to(request.scope, product)
    others = list({relation.other.pk: relation.other for relation in relations}.values())
    [offer, *neighbours] = offers_for(request.scope, [product, *others], {sku: wish_of(request.GET)})
    offers = {neighbour.product.pk: neighbour for neighbour in neighbours}
    units = sorted(product.units.all(), key=lambda unit: unit.numerator / unit.denominator)
    has_weight = any(attribute["code"] == "weight" for attribute in product.attributes)
    context = {
        "product": product,
        "offer": offer,
        "path": path_of(product.category),
        "shows_prices": request.scope.may(Right.VIEW_PRICES),
        "units": units,
        "ladder": rungs_of(offer, units),
        "reasons": reasons_of(offer),
        "stock": _stock(offer),
        "stock_total": sum((row.available for row in offer.stock), ZERO),
        "stock_limit": freshness.limit_of("stock"),
        "prices_limit": freshness.limit_of("prices"),
        "drawing": _medium(product, "drawing", "photo"),
        "documents": [medium for medium in product.media.all() if medium.kind == "document"],
        "accessories": _beside(relations, offers, ProductRelation.Kind.ACCESSORY),
        "instead": _beside(relations, offers, ProductRelation.Kind.SUCCESSOR)
        or _beside(relations, offers, ProductRelation.Kind.REPLACEMENT),
        "weight_kg": None if has_weight else product.weight_kg,
        "packings": [unit for unit in units if unit.packing_text],
    }
    template = "portal/products/_offer.html" if wants_part(request) else "portal/products/detail.html"
    return render(request, template, context)


def _medium(product: Product, *kinds: str) -> Media | None:
    media = {medium.kind: medium for medium in reversed(product.media.all())}
    return next((media[kind] for kind in kinds if kind in media), None)


def _beside(relations: list[ProductRelation], offers: dict[int, Offer], kind: str) -> list[Offer]:
    return [offers[relation.other_id] for relation in relations if relation.kind == kind]


def _stock(offer: Offer) -> list[StockRow]:
    if offer.unit is None:
        return []
    return [StockRow(row, whole_units(offer.unit, row.available)) for row in offer.stock]
