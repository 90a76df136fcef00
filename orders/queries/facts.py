"""What orders are judged by: facts about them and their goods, read for all of them at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Min

from accounts.models import Company
from catalog.models import Product
from orders.models import OrderLine
from orders.rules.conditions import OrderFacts
from orders.states import Condition, OrderStatus

BRANDS = frozenset({"brand", "manufacturer", "supplier"})
OF_GOODS = frozenset({Condition.CATEGORY, Condition.PRODUCT, Condition.BRAND, Condition.NEW_PRODUCT})
NOT_LET_THROUGH = (
    OrderStatus.REJECTED,
    OrderStatus.CANCELLED,
    OrderStatus.RETURNED,
    OrderStatus.PENDING_APPROVAL,
)
SLUGS_ABOVE = """
    WITH RECURSIVE line(start, id, parent_id) AS (
        SELECT id, id, parent_id FROM catalog_category WHERE id = ANY(%s)
        UNION
        SELECT line.start, up.id, up.parent_id FROM catalog_category AS up JOIN line ON up.id = line.parent_id
    ) SELECT line.start, category.slug FROM line JOIN catalog_category AS category USING (id)
"""


@dataclass(frozen=True)
class Judged:
    """An order to be judged. lineage: ids of its company and those above it, nearest first.

    net_amount: before tax. limit: the requester's, net; is_unseen: he or she sees no prices. budgets: names of those it exceeds that ask
    for an approval; budget_height: how far above the company the highest of them stands. requester: e-mail address. before: orders placed until then count as known, None: all.
    """

    company: Company
    lineage: tuple[int, ...]
    net_amount: Decimal
    product_ids: tuple[int, ...]
    limit: Decimal | None
    requester: str
    ship_to: str = ""
    cost_centre: str = ""
    budgets: tuple[str, ...] = ()
    budget_height: int = 0
    lines: int = 0
    is_unseen: bool = False
    before: datetime | None = None


@dataclass(frozen=True)
class Goods:
    """What is known of the goods of orders, as far as conditions ask for it.

    products: by id. above: the slugs of a category and of all above it, by its id. first_placed: when a company
    placed the first order of a product that was let through, by ids of company and product.
    """

    products: Mapping[int, Product] = field(default_factory=dict)
    above: Mapping[int, frozenset[str]] = field(default_factory=dict)
    first_placed: Mapping[tuple[int, int], datetime] = field(default_factory=dict)


def goods_of(orders: Sequence[Judged], kinds: Collection[str]) -> Goods:
    """What conditions of these kinds ask of the goods of orders. Three statements at most, however many orders."""
    if not orders or not OF_GOODS & set(kinds):
        return Goods()
    wanted = {pk for judged in orders for pk in judged.product_ids}
    rows = Product.objects.only("sku", "attributes", "category_id")
    products = rows.in_bulk(list(wanted))
    return Goods(
        products,
        _slugs_above(products.values()) if Condition.CATEGORY in kinds else {},
        _first_placed({judged.company.pk for judged in orders}, wanted)
        if Condition.NEW_PRODUCT in kinds
        else {},
    )


def facts_of(judged: Judged, kinds: Collection[str], goods: Goods) -> OrderFacts:
    """What an order is judged by, as far as conditions of these kinds ask for it. No statement."""
    products = [goods.products[pk] for pk in judged.product_ids if pk in goods.products]
    return OrderFacts(
        net_amount=judged.net_amount,
        lines=judged.lines or len(judged.product_ids),
        skus=frozenset(product.sku for product in products),
        categories=frozenset(
            slug for product in products for slug in goods.above.get(product.category_id or 0, ())
        ),
        brands=_brands(products),
        new_skus=frozenset(product.sku for product in products if _is_new(judged, product, goods))
        if Condition.NEW_PRODUCT in kinds
        else frozenset(),
        ship_to=judged.ship_to,
        cost_centre=judged.cost_centre,
        requester=judged.requester,
        budgets=judged.budgets,
    )


def _slugs_above(products: Iterable[Product]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SLUGS_ABOVE, [sorted({row.category_id for row in products if row.category_id})])
        for start, slug in cursor:
            found.setdefault(start, set()).add(slug)
    return {start: frozenset(slugs) for start, slugs in found.items()}


def _brands(products: Iterable[Product]) -> frozenset[str]:
    return frozenset(
        str(one["value"]) for product in products for one in product.attributes if one.get("code") in BRANDS
    )


def _first_placed(company_ids: Iterable[int], product_ids: Iterable[int]) -> dict[tuple[int, int], datetime]:
    lines = OrderLine.objects.filter(order__company__in=list(company_ids), product__in=list(product_ids))
    counted = lines.exclude(order__status__in=NOT_LET_THROUGH).order_by()
    rows = counted.values_list("order__company_id", "product_id").annotate(Min("order__placed_at"))
    return {(company_id, product_id): first for company_id, product_id, first in rows}


def _is_new(judged: Judged, product: Product, goods: Goods) -> bool:
    """Whether the product is in no order of the company that was let through before."""
    first = goods.first_placed.get((judged.company.pk, product.pk))
    return first is None or (judged.before is not None and first >= judged.before)
