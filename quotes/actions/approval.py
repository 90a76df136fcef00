"""The second pair of eyes: asked for, given, or the revision returned (QTE-06, QTE-07)."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.actor import Actor, action
from core.days import erp_today
from core.errors import NotAllowed
from core.models import trace
from core.states import check_move
from quotes.actions.lines import check_offerable
from quotes.actions.steps import (
    check_manager,
    check_status,
    move_quote,
    need_text,
    quote_of_desk,
    revision_of,
    staff_id,
)
from quotes.actions.telling import tell_quote
from quotes.models import Quote, QuoteApproval, QuoteMessage, QuoteRevision
from quotes.queries.desk import active_policy, figures_of, limits_of
from quotes.rules.approval import QuoteFigures, approval_reasons
from quotes.rules.document import check_validity
from quotes.states import QUOTE_NEXT, QuoteStatus


@action
def request_approval(quote: Quote, *, version: int, comment: str = "", by: Actor) -> QuoteApproval:
    """Freeze the working revision and ask a sales manager to approve it.

    The reasons of the policy in force and the figures that they were judged by are kept
    (APR-11); there may be none, then somebody just wants another look. Raises WrongState, OutOfDate,
    and the refusals of check_offerable and check_validity. Records `quote.approval_requested`.
    """
    quote = quote_of_desk(quote, version=version, by=by)
    check_move(QUOTE_NEXT, quote.status, QuoteStatus.IN_APPROVAL)
    revision = revision_of(quote)
    check_offerable(revision)
    check_validity(revision.valid_until, erp_today())
    figures = figures_of(list(revision.lines.all()))
    limits = limits_of(active_policy())
    reasons = [reason.as_json() for reason in approval_reasons(figures, limits)]

    move_quote(quote, QuoteStatus.IN_APPROVAL)
    revision.frozen_at = timezone.now()
    revision.maker_ids = sorted({*revision.maker_ids, staff_id(by)})
    revision.save(update_fields=["frozen_at", "maker_ids"])
    approval = QuoteApproval.objects.create(
        revision=revision,
        policy_version=limits.version,
        reasons=reasons,
        figures=figures_as_json(figures),
        comment=comment.strip(),
        **trace(by),
    )

    tell_quote(
        "quote.approval_requested",
        quote,
        revision,
        by=by,
        text=approval.comment,
        reasons=reasons,
        policy_version=limits.version,
    )
    return approval


@action
def approve_quote(quote: Quote, *, version: int, comment: str = "", by: Actor) -> Quote:
    """Approve the frozen revision, as a manager who had no hand in it.

    Raises NotAllowed for anybody else, WrongState unless it is in approval, OutOfDate when it is
    not what the manager saw. Records `quote.approved`.
    """
    check_manager(by)
    quote = quote_of_desk(quote, version=version, by=by)
    check_status(quote, QuoteStatus.IN_APPROVAL)
    approval, revision = _pending(quote)
    if by.user_id in {*revision.maker_ids, approval.actor_user_id}:
        raise NotAllowed(
            _("You had a hand in this revision; somebody else has to approve it."), right="approve_quote"
        )

    move_quote(quote, QuoteStatus.APPROVED)
    _decide(approval, QuoteApproval.Decision.APPROVED, comment, by)

    tell_quote("quote.approved", quote, revision, by=by, text=comment.strip())
    return quote


@action
def return_quote(quote: Quote, *, version: int, comment: str, by: Actor) -> Quote:
    """Send a revision back to its maker with what should change; it is a draft again.

    Raises NotAllowed for whoever is no manager, InvalidValue without a comment, WrongState
    unless it is in approval. Records `quote.returned`.
    """
    check_manager(by)
    quote = quote_of_desk(quote, version=version, by=by)
    comment = need_text(comment, _("Say what should change: the maker reads it."), "comment")
    check_status(quote, QuoteStatus.IN_APPROVAL)
    approval, revision = _pending(quote)

    move_quote(quote, QuoteStatus.DRAFT)
    _decide(approval, QuoteApproval.Decision.RETURNED, comment, by)
    revision.frozen_at = None
    revision.save(update_fields=["frozen_at"])
    QuoteMessage.objects.create(
        quote=quote, revision=revision.number, text=comment, is_internal=True, **trace(by)
    )

    tell_quote("quote.returned", quote, revision, by=by, text=comment)
    return quote


def figures_as_json(figures: QuoteFigures) -> dict[str, Any]:
    """The figures as they are kept with the request: decimals as strings, None where unknown."""
    return {
        "net_amount": str(figures.net_amount),
        "cost_amount": _text(figures.cost_amount),
        "margin_percent": _text(figures.margin_percent),
        "lines": [
            {
                "position": line.position,
                "sku": line.sku,
                "quantity": str(line.quantity),
                "unit_price": _text(line.unit_price),
                "list_price": _text(line.list_price),
                "contract_price": _text(line.contract_price),
                "floor_price": _text(line.floor_price),
                "cost_price": _text(line.cost_price),
                "discount_percent": _text(line.discount_percent),
                "margin_percent": _text(line.margin_percent),
                "net_amount": str(line.net_amount),
            }
            for line in figures.lines
        ],
    }


def _pending(quote: Quote) -> tuple[QuoteApproval, QuoteRevision]:
    revision = revision_of(quote)
    return revision.approvals.get(decision=QuoteApproval.Decision.PENDING), revision


def _decide(approval: QuoteApproval, decision: QuoteApproval.Decision, comment: str, by: Actor) -> None:
    approval.decision = decision
    approval.decided_by_id = by.user_id
    approval.decided_at = timezone.now()
    approval.decision_comment = comment.strip()
    approval.save(update_fields=["decision", "decided_by", "decided_at", "decision_comment"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)
