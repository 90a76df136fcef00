"""The one event of price lists, and what it says of the list."""

from datetime import datetime
from typing import Any

from core import outbox
from core.actor import Actor
from pricing.models import PriceList


def record_changed(price_list: PriceList, *, as_of: datetime, details: dict[str, Any], by: Actor) -> None:
    """Record `price_list.changed` for a locked list. details: the import and its counts."""
    payload = {
        "price_list": price_list.code,
        "is_active": price_list.is_active,
        "as_of": as_of.isoformat(),
        **details,
    }
    outbox.record("price_list.changed", subject=f"price_list:{price_list.code}", payload=payload, by=by)
