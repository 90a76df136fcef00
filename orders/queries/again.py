"""What has changed of an order since it was submitted, looked at in its requester's place."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.queries.scopes import scope_for
from accounts.states import Right
from core.errors import NotAllowed
from orders.models import Order


@dataclass(frozen=True)
class Change:
    """A price that is another now, per unit of the line. story: where it comes from."""

    position: int
    sku: str
    was: Decimal
    now: Decimal
    story: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The change as it is kept with the decision that accepted it."""
        return {"position": self.position, "sku": self.sku, "was": str(self.was), "now": str(self.now)}


def digest_of(changes: Sequence[Change]) -> str:
    """What a page that showed these changes sends back; "" for none."""
    if not changes:
        return ""
    text = ";".join(f"{one.position}:{one.now}" for one in changes)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def check_requester(order: Order) -> None:
    """Refuse to go on with the order of somebody who may no longer order there. Raises NotAllowed."""
    if not scope_for(order.placed_by_id, order.company_id).may(Right.BUY):
        raise NotAllowed(
            _("%(person)s may no longer order for %(company)s: reject the order; a colleague can order anew.")
            % {"person": order.placed_by, "company": order.company.name},
            right=str(Right.BUY),
        )
