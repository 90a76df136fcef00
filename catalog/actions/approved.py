"""Products that become sellable, told once per run of the ERP or the PIM that makes them so."""

from typing import LiteralString

from core import outbox, staging
from core.actor import Actor

# ERP and PIM take turns in writing products, by this name; so do their events.
TURN = "catalog.products"


def record_approved(found: LiteralString, *, by: Actor) -> None:
    """Record `product.approved` for a run, unless it made none sellable.

    found: a statement that gives their number and the SKUs to name, in one row. The caller has the turn
    `catalog.products`, which makes the sequence of the subject.
    """
    [(products, skus)] = staging.rows(found)
    if products:
        payload = {"products": products, "skus": skus}
        outbox.record("product.approved", subject="catalogue:products", payload=payload, by=by)
