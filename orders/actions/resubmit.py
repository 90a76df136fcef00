"""Orders that came back to their buyer: changed, and submitted again; and new prices before the last approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.actions.holding import hold_access
from accounts.assistance import acting_by
from accounts.queries.scopes import Acting, acting_as
from accounts.scope import NOTHING
from accounts.states import Right
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed
from core.money import line_net
from core.states import check_move
from orders.actions.again import as_agreed
from orders.actions.direct import DirectLine, decided_prices, draft_line, priced_lines
from orders.actions.eligibility import check_eligible
from orders.actions.facts import judged_of, shown_figures
from orders.actions.lines import base_quantity, checked_lines, warehouse_of, write_lines
from orders.actions.live import Confirmation, keep_disagreements
from orders.actions.moves import lock_order, move
from orders.actions.place import address_json, check_po, checked_cost_centre, checked_ship_to, lock_credit
from orders.actions.reserve import check_room, lock_room, reserve_room, settle_budgets
from orders.actions.review import pass_on
from orders.actions.submission import ask_for_approval, close_request
from orders.drafts import OrderDraft
from orders.models import ApprovalRequest, Order, OrderLine
from orders.queries.again import Change
from orders.queries.credit import all_credit_outlook
from orders.queries.restrictions import wanted_line
from orders.queries.rules import hits_of
from orders.rules.confirm import kept_prices
from orders.rules.credit import check_credit
from orders.rules.live import Decision, check_confirmed
from orders.rules.totals import Totals, totals_of
from orders.states import NEXT, OrderStatus, RequestState


@dataclass(frozen=True)
class ChangedLine:
    """A line of a returned order as it is to be. quantity: in the line's unit, 0 takes it out.

    shown_price: what the page showed per unit, None where it shows none.
    """

    position: int
    quantity: Decimal
    shown_price: Decimal | None = None


@dataclass(frozen=True)
class Resubmission:
    """What the buyer changed. Lines that are not named stay as they are. ship_to_erp_id: "" for the address that it has."""

    lines: tuple[ChangedLine, ...] = ()
    po_number: str = ""
    note: str = ""
    cost_centre: str = ""
    ship_to_erp_id: str = ""


@action
def resubmit_order(
    order: Order, changed: Resubmission, *, by: Actor, live: Confirmation | None = None
) -> Order:
    """Submit a returned order again, with what its buyer changed: all is checked as when it was placed.

    It starts its approval anew; the decisions of earlier rounds stay with it. Where the goods go may change. Prices are today's, but for an
    agreed quote, whose quantities stay too. live: what the ERP said just before. Records what place_order
    records. Raises NotAllowed for somebody else's order, WrongState, OutOfDate for a price that differs from
    what was shown, and the refusals of place_order. Source: APR-02, APR-07.
    """
    hold_access(by.buyer_id)
    order = lock_order(order)
    if by.buyer_id is None or by.buyer_id != order.placed_by_id:
        raise NotAllowed(_("This order came back to the person who placed it."), right=str(Right.BUY))
    acting = acting_by(by, order.company_id)
    (acting.scope if acting else NOTHING).require(Right.BUY)
    assert acting is not None  # noqa: S101 - NOTHING has no rights
    check_move(NEXT, OrderStatus(order.status), OrderStatus.PENDING_APPROVAL)
    draft = _draft(order, changed, acting, live)
    lines = checked_lines(draft, acting.scope)
    wanted = [wanted_line(line.position, line.product, base_quantity(line)) for line in lines]
    ship_to = checked_ship_to(draft, acting.scope)
    doubts = check_eligible(acting.scope, wanted, ship_to, draft.decisions, without=order.pk)
    decisions = (*draft.decisions, *doubts)
    check_po(draft, acting.company)
    cost_centre = checked_cost_centre(draft, acting.scope)
    totals = totals_of([(line.net_amount, line.tax_percent) for line in lines], order.currency)
    lock_credit(acting.scope.lineage)
    outlook = all_credit_outlook(order.company, totals.gross_amount, without=order.pk)
    check_credit(outlook.figures, order.currency)
    room = lock_room(acting.scope.lineage, order.placed_by_id, cost_centre, order.currency)
    exceeded = check_room(room, totals.net_amount)
    judged = judged_of(
        acting,
        lines,
        totals.net_amount,
        ship_to=draft.ship_to_erp_id,
        cost_centre=cost_centre,
        exceeded=exceeded,
    )
    hits, facts = hits_of(judged)

    take_totals(order, totals)
    order.po_number, order.note = draft.po_number.strip()[:60], draft.note.strip()
    order.cost_centre = cost_centre
    order.ship_to_address, order.ship_to = ship_to, address_json(ship_to, ship_to.ship_to_number)
    order.warehouse = warehouse_of(lines)
    order.credit_decision = outlook.story()
    order.live_checks = [one.to_json() for one in decisions]
    order.approval_rules = [hit.to_json() for hit in hits]
    order.decided_by, order.decided_at, order.decision_comment = None, None, ""
    columns = (
        *TOTALS,
        "po_number",
        "note",
        "cost_centre",
        "ship_to_address",
        "ship_to",
        "warehouse",
        "credit_decision",
        "live_checks",
        "approval_rules",
        "decided_by",
        "decided_at",
        "decision_comment",
    )
    new = OrderStatus.PENDING_APPROVAL if hits else OrderStatus.RECEIVED
    move(order, new, by=by, fields=columns)
    reserve_room(order, room, by=by)
    OrderLine.objects.filter(order=order).delete()
    write_lines(order, lines, by)
    keep_disagreements(decisions, document=order.number, by=by)
    if hits:
        figures = shown_figures(lines, room.states)
        ask_for_approval(order, hits, facts, acting.ordering.manager_id, by=by, figures=figures)
    else:
        pass_on(order, by=by)
    return order


TOTALS = ("net_amount", "tax_amount", "gross_amount", "taxes")


def take_totals(order: Order, totals: Totals) -> None:
    """Give an order its totals; not saved."""
    order.net_amount, order.tax_amount = totals.net_amount, totals.tax_amount
    order.gross_amount, order.taxes = totals.gross_amount, totals.taxes_as_json()


def kept_lines(order: Order, changed: Resubmission) -> list[tuple[OrderLine, ChangedLine]]:
    """The lines that stay, each with what it is to be. Raises InvalidValue when none does."""
    wanted = {line.position: line for line in changed.lines}
    rows = [
        (line, wanted.get(line.position, ChangedLine(line.position, line.ordered)))
        for line in order.lines.select_related("product").order_by("position")
    ]
    kept = [(line, change) for line, change in rows if change.quantity != 0]
    if not kept:
        raise InvalidValue(_("Nothing is left of this order: cancel it instead."), field="lines")
    return kept


def asked_lines(order: Order, changed: Resubmission) -> tuple[DirectLine, ...]:
    """The lines that stay, as prices and the ERP are asked for them."""
    return tuple(
        DirectLine(line.sku, line.unit_key, change.quantity, change.shown_price, line.note)
        for line, change in kept_lines(order, changed)
    )


def _draft(order: Order, changed: Resubmission, acting: Acting, live: Confirmation | None) -> OrderDraft:
    kept = kept_lines(order, changed)
    decisions: list[Decision] = []
    if order.origin == "quote":
        if len(kept) != order.lines.count() or any(change.quantity != line.ordered for line, change in kept):
            raise InvalidValue(
                _(
                    "The quantities of an accepted quote stay as agreed. Ask for a change of the quote instead."
                ),
                field="lines",
            )
        drafts = [as_agreed(line) for line, _change in kept]
    else:
        wishes = priced_lines(acting.scope, asked_lines(order, changed))
        decisions = decided_prices(wishes, live)
        check_confirmed(decisions)
        prices = kept_prices(decisions)
        drafts = [draft_line(wish, prices, decisions) for wish in wishes]
    return OrderDraft(
        company_id=order.company_id,
        origin=order.origin,
        origin_ref=order.origin_ref,
        lines=tuple(drafts),
        ship_to_erp_id=changed.ship_to_erp_id or order.ship_to_address.erp_id,
        po_number=changed.po_number,
        note=changed.note,
        cost_centre=changed.cost_centre,
        decisions=(*decisions, *(live.decisions if live else ())),
    )


def take_new_prices(order: Order, request: ApprovalRequest, changes: Sequence[Change], *, by: Actor) -> bool:
    """Give a waiting order the prices of now, which an approver has just accepted; tell if it starts again.

    Its budgets follow; without changes it is judged anew alone. Where a rule asks that did not ask before, or another stage is needed, its approval begins
    anew. The order and its credit are locked. Raises OverBudget, NoApprover.
    """
    acting = acting_as(order.placed_by_id, order.company_id)
    assert acting is not None  # noqa: S101 - look_again has refused that
    by_position = {change.position: change for change in changes}
    lines = list(order.lines.select_related("product").order_by("position"))
    for line in lines:
        change = by_position.get(line.position)
        if change is not None:
            line.unit_price, line.price_story = change.now, change.story
            line.net_amount = line_net(
                line.ordered, change.now, price_unit=line.price_unit, currency=order.currency
            )
    totals = totals_of([(line.net_amount, line.tax_percent) for line in lines], order.currency)
    take_totals(order, totals)
    status, order.status = order.status, OrderStatus.RETURNED
    settle_budgets(order, by=by)  # what it weighed at its old prices is given back first
    order.status = status
    room = lock_room(acting.scope.lineage, order.placed_by_id, order.cost_centre, order.currency)
    exceeded = check_room(room, totals.net_amount)
    judged = judged_of(
        acting,
        lines,
        totals.net_amount,
        ship_to=order.ship_to_address.erp_id,
        cost_centre=order.cost_centre,
        exceeded=exceeded,
    )
    hits, facts = hits_of(judged)
    OrderLine.objects.bulk_update(lines, ["unit_price", "price_story", "net_amount"], batch_size=500)
    reserve_room(order, room, by=by)

    known = {(rule["code"], rule["version"]) for rule in request.rules}
    is_new = any((hit.code, hit.version) not in known for hit in hits)
    if is_new:
        order.approval_rules = [hit.to_json() for hit in hits]
    order.save(update_fields=[*TOTALS, "approval_rules"])
    if is_new:
        close_request(request, RequestState.REPLACED)
        figures = shown_figures(lines, room.states)
        ask_for_approval(
            order,
            hits,
            facts,
            acting.ordering.manager_id,
            by=by,
            figures=figures,
            submitted_by=request.submitted_by_id,
        )
    return is_new
