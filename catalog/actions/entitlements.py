"""Who sees and may buy what: assortments, whom they are given to, restrictions. All of it is ours, as data (ENT-15)."""

from collections.abc import Collection
from typing import TypeVar

from django.db import connection
from django.utils.translation import gettext_lazy as _

from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, Product, ProductRestriction
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue
from core.rows import drop_row, keep_row

EVENT = "entitlement.changed"
Kept = TypeVar("Kept", Assortment, AssortmentRule, AssortmentAssignment, ProductRestriction)

PUT = """
    INSERT INTO catalog_assortmentrule (assortment_id, product_id, effect)
    SELECT %s, id, %s FROM catalog_product WHERE sku = ANY(%s)
    ON CONFLICT (product_id, assortment_id) WHERE product_id IS NOT NULL
    DO UPDATE SET effect = excluded.effect WHERE catalog_assortmentrule.effect <> excluded.effect
    RETURNING id, xmax = 0
"""


def keep_entitlement(row: Kept, *, by: Actor) -> Kept:
    """Write an assortment, a rule, an assignment or a restriction as it stands (ENT-09).

    Raises InvalidValue. Records `entitlement.changed`.
    """
    return keep_row(row, event=EVENT, by=by)


def drop_entitlement(row: Kept, *, by: Actor) -> None:
    """Take one of them away. Records `entitlement.changed`."""
    drop_row(row, event=EVENT, by=by)


@action
def put_products(assortment: Assortment, skus: Collection[str], *, effect: str, by: Actor) -> tuple[int, int]:
    """Put many products into an assortment, or take them out, as one set; tell how many are new and changed.

    Those that are so already stay untouched and leave no history (ENT-09, SEC-08).
    Raises InvalidValue naming unknown numbers; then nothing is written. Records `assortment.filled`.
    """
    ownership.check(by, "catalog.AssortmentRule", ["product", "effect"])
    assortment = Assortment.objects.select_for_update(of=("self",), no_key=True).get(pk=assortment.pk)
    wanted = sorted(set(skus))
    unknown = set(wanted) - set(Product.objects.filter(sku__in=wanted).values_list("sku", flat=True))
    if unknown:
        text = _("There are no products %(skus)s: nothing was changed.")
        raise InvalidValue(text % {"skus": ", ".join(sorted(unknown)[:10])}, field="products")

    with connection.cursor() as cursor:
        cursor.execute(PUT, [assortment.pk, effect, wanted])
        rows = cursor.fetchall()
    new = [key for key, is_new in rows if is_new]
    changed = [key for key, is_new in rows if not is_new]
    if rows:
        outbox.record(
            "assortment.filled",
            subject=f"assortment:{assortment.pk}",
            payload={
                "assortment": assortment.code,
                "effect": effect,
                "new": len(new),
                "changed": len(changed),
                "skus": wanted[:20],
            },
            by=by,
        )
    return len(new), len(changed)
