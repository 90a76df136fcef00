"""What a line of a cart or an order must fulfil, and how refused lines are told."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NotSellable(DomainError):
    """The product is blocked, discontinued, or not in the company's range."""

    code = "not_sellable"


class LinesRefused(DomainError):
    """Lines that cannot be ordered as they are; `details["lines"]` says which and why (CRT-20)."""

    code = "lines_refused"


@dataclass(frozen=True)
class LineRefusal:
    """Why one line cannot be ordered. position: counted from 1. rule: the restriction that says so, if one does."""

    position: int
    sku: str
    code: str
    message: str
    rule: str = ""


class NotInRange(NotSellable):
    """The product is not, or no longer, in the company's range; nothing else of it is said."""

    code = "not_in_range"


def not_in_range(sku: str) -> NotInRange:
    """The refusal of a product that a company may not know of, on a line that names it already."""
    return NotInRange(
        _("%(sku)s is not available to your company. Take it out, or ask your contact in sales about it.")
        % {"sku": sku},
        sku=sku,
    )


def check_sellable(sku: str, status: str) -> None:
    """Refuse what is not for sale. status: the product's. Raises NotSellable saying what to do."""
    if status == "retired":
        raise NotSellable(
            _("%(sku)s is discontinued. Take it out and look for its successor on the product page.")
            % {"sku": sku},
            sku=sku,
        )
    if status != "active":
        raise NotSellable(
            _("%(sku)s is not for sale at the moment. Take it out, or ask your contact about it.")
            % {"sku": sku},
            sku=sku,
        )


def check_lines(refusals: Sequence[LineRefusal]) -> None:
    """Refuse a document while any of its lines is refused. Raises LinesRefused with all of them."""
    if not refusals:
        return
    first = refusals[0]
    count = len({item.position for item in refusals})
    message = (
        _("Line %(position)s cannot be ordered: %(reason)s")
        if count == 1
        else _("%(count)s lines cannot be ordered; the first is line %(position)s: %(reason)s")
    )
    raise LinesRefused(
        message % {"position": first.position, "reason": first.message, "count": count},
        lines=[_plain(item) for item in refusals],
    )


def _plain(item: LineRefusal) -> dict[str, object]:
    told: dict[str, object] = {
        "position": item.position,
        "sku": item.sku,
        "code": item.code,
        "message": item.message,
    }
    return {**told, "rule": item.rule} if item.rule else told
