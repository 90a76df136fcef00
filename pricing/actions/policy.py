"""Which price source wins, and how low a price may go: policies in versions."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core import audit, ownership
from core.actor import Actor, action
from core.errors import InvalidValue
from pricing.models import PriceKind, PricePolicy


@dataclass(frozen=True)
class PolicyDraft:
    """A policy to be. precedence: kinds, the first wins; a kind that is left out gives no price."""

    precedence: tuple[str, ...]
    floor_margin_percent: Decimal
    active_from: datetime
    note: str = ""


@action
def add_policy(draft: PolicyDraft, *, by: Actor) -> PricePolicy:
    """Add the next version of the price policy; earlier ones stay as they were (PRC-09).

    Raises InvalidValue for an unknown or repeated kind, none at all, or a margin out of range.
    """
    ownership.check(by, "pricing.PricePolicy", ("precedence", "floor_margin_percent", "active_from"))
    kinds = draft.precedence
    if not kinds or len(set(kinds)) != len(kinds) or not set(kinds) <= set(PriceKind.values):
        raise InvalidValue(
            _("Name each kind of price source once, the one that wins first."), field="precedence"
        )
    if not 0 <= draft.floor_margin_percent < 100:
        raise InvalidValue(_("The margin lies between 0 and 100 percent."), field="floor_margin_percent")
    newest = PricePolicy.objects.aggregate(newest=Max("version"))["newest"] or 0
    made = PricePolicy.objects.create(
        version=newest + 1,
        precedence=list(kinds),
        floor_margin_percent=draft.floor_margin_percent,
        active_from=draft.active_from,
        note=draft.note,
    )
    audit.log(
        "price_policy.changed",
        by=by,
        about=f"price_policy:{made.version}",
        data={"precedence": list(kinds), "floor_margin_percent": draft.floor_margin_percent},
    )
    return made
