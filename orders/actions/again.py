"""The last look before an order is let through: price, entitlement and what the ERP says (APR-07)."""

from decimal import Decimal

from accounts.queries.scopes import scope_for
from orders.actions.direct import DirectLine, PricedWish, decided_prices, priced_lines
from orders.actions.eligibility import check_eligible
from orders.actions.lines import base_quantity, checked_lines
from orders.actions.live import Confirmation
from orders.drafts import DraftLine, OrderDraft
from orders.models import Order, OrderLine
from orders.queries.again import Change, check_requester
from orders.queries.restrictions import wanted_line
from orders.rules.confirm import kept_prices, told_live
from orders.rules.live import DIFFERENT, Decision, check_confirmed, price_key
from orders.states import LiveRule


def look_again(order: Order, live: Confirmation | None = None) -> tuple[list[Change], list[Decision]]:
    """What of a waiting order's prices is another now; nothing for an accepted quote, whose price is agreed.

    Beside it the doubts over which it is to be held for review, see `check_eligible` (ENT-16).
    live: what the ERP said just before. Raises NotAllowed where its buyer may no longer order, LinesRefused for
    products that the company may no longer have or that have no price, NotConfirmed by the policy.
    """
    check_requester(order)
    scope = scope_for(order.placed_by_id, order.company_id)
    lines = list(order.lines.order_by("position"))
    as_now = checked_lines(
        OrderDraft(
            company_id=order.company_id,
            origin=order.origin,
            origin_ref=order.origin_ref,
            lines=tuple(as_agreed(line) for line in lines),
            ship_to_erp_id=order.ship_to_address.erp_id,
        ),
        scope,
    )
    restricted = [wanted_line(line.position, line.product, base_quantity(line)) for line in as_now]
    doubts = check_eligible(
        scope, restricted, order.ship_to_address, live.decisions if live else (), without=order.pk
    )
    wanted = tuple(DirectLine(line.sku, line.unit_key, line.ordered, line.unit_price) for line in lines)
    if order.origin == "quote":
        return [], doubts
    wishes = priced_lines(scope, wanted)
    decisions = decided_prices(wishes, live)
    differing = [one for one in decisions if one.situation in DIFFERENT]
    check_confirmed([one for one in decisions if one not in differing])
    prices = kept_prices(decisions)
    # What the policy would ask a buyer about, it asks the approver about: it is shown, and taken once confirmed.
    prices |= {
        one.key: Decimal(one.theirs) for one in differing if one.rule == LiveRule.REFUSE and one.theirs
    }
    changes = []
    for line, wish in zip(lines, wishes, strict=True):
        now = prices.get(price_key(line.sku, line.unit_key), wish.unit_price)
        heard = price_key(line.sku, line.unit_key) in prices
        if now != line.unit_price and (heard or _is_newer(line, wish)):
            story = told_live(wish.answer.story(), line.sku, line.unit_key, decisions)
            changes.append(Change(line.position, line.sku, line.unit_price, now, story))
    return changes, doubts


def _is_newer(line: OrderLine, wish: PricedWish) -> bool:
    """Whether our own price is another than it was: a line may have been taken at the ERP's word instead."""
    was = line.price_story.get("unit_price")
    return was is None or wish.answer.unit_price is None or Decimal(was) != wish.answer.unit_price


def as_agreed(line: OrderLine) -> DraftLine:
    """A line of an order as it stands, to be checked again."""
    return DraftLine(
        product_id=line.product_id,
        unit_key=line.unit_key,
        quantity=line.ordered,
        unit_price=line.unit_price,
        tax_code=line.tax_code,
        tax_percent=line.tax_percent,
        price_story=line.price_story,
        name=line.name,
        note=line.note,
        ratio=(line.numerator, line.denominator),
    )
