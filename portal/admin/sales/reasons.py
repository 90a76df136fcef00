"""The rules that ask for approval, in the reader's words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.templatetags.accord import money, percent, unit_price
from quotes.rules.approval import Reason, ReasonCode

Written = Callable[[Decimal | None], str]


@dataclass(frozen=True)
class Told:
    """One rule: its name, limit and figure as text, where it applies, and how urgent it looks."""

    title: str
    limit: str
    value: str
    where: str
    edge: str


def reasons_told(reasons: Iterable[Reason], currency: str) -> list[Told]:
    """The rules of a revision as it stands now."""
    return [_told(reason, currency) for reason in reasons]


def kept_reasons_told(kept: Iterable[dict[str, Any]], currency: str) -> list[Told]:
    """The rules as they were kept with a request for approval."""
    return [
        _told(
            Reason(
                ReasonCode(item["code"]),
                _number(item["limit"]),
                _number(item["value"]),
                item["position"],
                item["sku"],
            ),
            currency,
        )
        for item in kept
    ]


def _told(reason: Reason, currency: str) -> Told:
    names: dict[ReasonCode, tuple[str, Written]] = {
        ReasonCode.BELOW_FLOOR: (_("Price below the floor"), unit_price),
        ReasonCode.DISCOUNT: (_("Discount over the limit"), percent),
        ReasonCode.MARGIN: (_("Margin under the goal"), percent),
        ReasonCode.COST_UNKNOWN: (_("Cost unknown, so the margin is too"), percent),
        ReasonCode.VALUE: (_("Value over the limit"), lambda value: money(value, currency)),
    }
    title, written = names[reason.code]
    where = _("Whole quote")
    if reason.position is not None:
        where = _("Line %(position)s, %(sku)s") % {"position": reason.position, "sku": reason.sku}
    edge = "edge-bad" if reason.code == ReasonCode.BELOW_FLOOR else "edge-warn"
    return Told(title, written(reason.limit), written(reason.value), where, edge)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
