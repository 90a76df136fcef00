"""What there is of products, warehouse by warehouse: the figure, what is promised of it, and what a stale one is good for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from catalog.models import Allocation, StockLevel, Warehouse
from catalog.rules import StaleStock, available, check_stock_age, promised, still_reserves
from core import freshness
from core.money import ZERO

# A product and a warehouse, by their keys.
Pair = tuple[int, int]


@dataclass(frozen=True)
class WarehouseAvailability:
    """Stock of a product in a warehouse, in the base unit.

    on_hand: the ERP's figure of `as_of`. reserved: ours that it has not deducted. available: what can
    be promised, see catalog.rules.available. is_stale: older than the limit of its flow (INV-11).
    """

    warehouse: Warehouse
    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    as_of: datetime | None
    is_stale: bool

    @property
    def promised(self) -> Decimal:
        """What of it an order may be promised by the warehouse's policy for old figures (INV-11)."""
        return promised(self.available, is_stale=self.is_stale, when_stale=self.warehouse.when_stale)

    @property
    def is_to_confirm(self) -> bool:
        """Whether orders are taken without a promise, because the figure is too old."""
        return self.is_stale and self.warehouse.when_stale == Warehouse.WhenStale.CONFIRM

    @property
    def refusal(self) -> StaleStock | None:
        """Why no order is taken by this figure, None when one is."""
        try:
            check_stock_age(
                is_stale=self.is_stale,
                when_stale=self.warehouse.when_stale,
                warehouse=self.warehouse.name,
            )
        except StaleStock as refusal:
            return refusal
        return None


def availability(product_ids: Iterable[int]) -> dict[int, list[WarehouseAvailability]]:
    """Stock per product and warehouse that ships, in the warehouses' order (INV-01). Three statements.

    A product whose stock nobody has told is not among the keys: unknown is not zero.
    """
    levels = list(
        StockLevel.objects.filter(product_id__in=set(product_ids), warehouse__is_active=True)
        .select_related("warehouse")
        .order_by("warehouse__position", "warehouse__code")
    )
    as_of = figures_of(levels)
    reserved = reserved_by_pair(as_of)
    answer: dict[int, list[WarehouseAvailability]] = {}
    for level in levels:
        pair = (level.product_id, level.warehouse_id)
        held = reserved.get(pair, ZERO)
        answer.setdefault(level.product_id, []).append(
            WarehouseAvailability(
                warehouse=level.warehouse,
                on_hand=level.on_hand,
                reserved=held,
                available=available(level.on_hand, held),
                as_of=as_of[pair],
                is_stale=freshness.is_stale(level.freshness_kind, as_of[pair]),
            )
        )
    return answer


def figures_of(levels: Iterable[StockLevel]) -> dict[Pair, datetime | None]:
    """How old the figure of each product and warehouse is. One statement."""
    read = freshness.read_up_to()
    # What others than the ERP tell comes in files that are not all there is: each row has its own age.
    return {
        (row.product_id, row.warehouse_id): freshness.later(
            row.as_of, read.get("stock") if row.source == "erp" else None
        )
        for row in levels
    }


def reserved_by_pair(figures: Mapping[Pair, datetime | None]) -> dict[Pair, Decimal]:
    """Per product and warehouse, what we hold back that the ERP's figure has not deducted.

    figures: the pairs with the age of their figure. An open allocation always counts; a shipped one
    until a figure is later than its shipment. One statement.
    """
    held = (
        Allocation.objects.filter(product_id__in={product for product, _warehouse in figures})
        .values_list("product_id", "warehouse_id", "counted_at")
        .annotate(total=Sum("quantity"))
    )
    reserved: dict[Pair, Decimal] = {}
    for product, warehouse, counted_at, quantity in held:
        pair = (product, warehouse)
        if still_reserves(counted_at, figures.get(pair)):
            reserved[pair] = reserved.get(pair, ZERO) + quantity
    return reserved
