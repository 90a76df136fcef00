"""Quotes in the hands of sales: started, saved, revised, taken back, noted on."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from accounts.queries.billing import billing_of
from accounts.standing import Deed, forbids
from core.actor import Actor, action
from core.days import erp_today
from core.errors import NotFound, WrongState
from core.models import trace
from core.numbers import next_number
from quotes.actions.lines import drafts_of, write_lines
from quotes.actions.steps import (
    check_status,
    locked_quote,
    move_quote,
    move_rfq,
    need_text,
    quote_of_desk,
    revision_of,
    rfq_of_desk,
    staff_id,
    write_quote,
)
from quotes.actions.telling import tell_quote
from quotes.drafts import LineDraft, QuoteDraft
from quotes.models import Quote, QuoteApproval, QuoteMessage, QuoteRevision, Rfq
from quotes.queries.desk import Desk, active_policy, desk_of, quote_at
from quotes.states import QuoteStatus, RfqStatus


@action
def start_quote(rfq: Rfq, *, by: Actor) -> Quote:
    """Begin a quote on a request, filled with what the buyer asked for at the usual prices.

    Whoever starts has it in hand. Raises WrongState when somebody has started or the request is
    settled. Records `quote.created`.
    """
    rfq = rfq_of_desk(rfq, by=by)

    move_rfq(rfq, RfqStatus.IN_WORK)
    asked = rfq.lines.select_related("product", "unit").order_by("position")
    drafts = [
        LineDraft(
            line.product.sku,
            line.unit.key,
            line.quantity,
            None,
            target_price=line.target_price,
            note=line.note,
        )
        for line in asked
    ]
    quote = _new_quote(rfq.company, contact=rfq.requested_by, rfq=rfq, maker=staff_id(by))
    revision = _new_revision(quote, 1, maker=staff_id(by))
    revision.requested_on = rfq.requested_on
    revision.ship_to = rfq.ship_to
    revision.po_number = rfq.po_number
    revision.save(update_fields=["requested_on", "ship_to", "po_number"])
    write_lines(revision, quote.company, drafts)

    tell_quote("quote.created", quote, revision, by=by)
    return quote


@action
def start_quote_for(company: Company, contact: User, lines: Sequence[LineDraft], *, by: Actor) -> Quote:
    """Begin a quote that nobody asked for, at the usual prices unless told (QTE-19).

    contact: who will read it, an active member of the company. Raises NotFound for a company of
    another desk or a person who is not a member. Records `quote.created`.
    """
    desk = desk_of(by.user_id)
    company = _customer(company, desk)
    if not company.memberships.filter(user=contact, is_active=True, user__is_active=True).exists():
        raise NotFound(
            _("%(person)s does not buy for %(company)s.") % {"person": contact, "company": company}
        )

    quote = _new_quote(company, contact=contact, rfq=None, maker=staff_id(by))
    revision = _new_revision(quote, 1, maker=staff_id(by))
    write_lines(revision, company, lines)

    tell_quote("quote.created", quote, revision, by=by)
    return quote


@action
def save_draft(quote: Quote, draft: QuoteDraft, *, by: Actor) -> Quote:
    """Save the working revision as edited; prices beside the lines are asked anew.

    Raises OutOfDate when the quote has changed since the draft was opened, WrongState unless it
    is in draft, InvalidValue for a line that cannot be. Nobody is told.
    """
    quote = quote_of_desk(quote, version=draft.version, by=by)
    _check_draft(quote)

    revision = revision_of(quote)
    revision.valid_until = draft.valid_until
    revision.requested_on = draft.requested_on
    revision.message = draft.message.strip()
    revision.internal_note = draft.internal_note.strip()
    _add_maker(revision, staff_id(by))
    revision.save(
        update_fields=["valid_until", "requested_on", "message", "internal_note", "made_by", "maker_ids"]
    )
    write_lines(revision, quote.company, draft.lines)
    write_quote(quote)
    return quote


@action
def revise_quote(quote: Quote, *, version: int, by: Actor) -> Quote:
    """Make the next revision of a quote that the buyer has: a copy, to be changed (QTE-09).

    The sent revision stays as it is and cannot be accepted meanwhile. Raises WrongState unless
    it was sent, sent back, or has expired. Records `quote.revised`.
    """
    quote = quote_of_desk(quote, version=version, by=by)
    check_status(quote, QuoteStatus.SENT, QuoteStatus.CHANGE_REQUESTED, QuoteStatus.EXPIRED)
    sent = revision_of(quote)

    move_quote(quote, QuoteStatus.DRAFT, revision=quote.revision + 1)
    revision = _new_revision(quote, quote.revision, maker=staff_id(by))
    for name in ("payment_term", "ship_to", "requested_on", "po_number", "internal_note"):
        setattr(revision, name, getattr(sent, name))
    revision.save(update_fields=["payment_term", "ship_to", "requested_on", "po_number", "internal_note"])
    write_lines(revision, quote.company, drafts_of(sent))

    tell_quote("quote.revised", quote, revision, by=by)
    return quote


@action
def take_back(quote: Quote, *, version: int, by: Actor) -> Quote:
    """Take a revision that was not sent yet back to change it; its approval counts no more.

    Raises WrongState unless it is in approval or approved.
    """
    quote = quote_of_desk(quote, version=version, by=by)
    check_status(quote, QuoteStatus.IN_APPROVAL, QuoteStatus.APPROVED)
    revision = revision_of(quote)

    move_quote(quote, QuoteStatus.DRAFT)
    QuoteApproval.objects.filter(revision=revision, decision=QuoteApproval.Decision.PENDING).update(
        decision=QuoteApproval.Decision.RETURNED,
        decided_by=by.user_id,
        decided_at=timezone.now(),
        decision_comment=_("Taken back by the sales desk."),
    )
    revision.frozen_at = None
    revision.save(update_fields=["frozen_at"])
    return quote


@action
def write_note(quote: Quote, *, text: str, by: Actor) -> QuoteMessage:
    """Keep a note on a quote that only the staff reads. Raises InvalidValue for an empty one."""
    text = need_text(text, _("Write something: an empty note helps nobody."), "text")
    quote = locked_quote(quote_at(desk_of(by.user_id), quote.number))
    return QuoteMessage.objects.create(
        quote=quote, revision=quote.revision, text=text, is_internal=True, **trace(by)
    )


def _check_draft(quote: Quote) -> None:
    if quote.status != QuoteStatus.DRAFT:
        raise WrongState(
            _("Revision %(revision)s is %(status)s and frozen. Take it back or make a new revision.")
            % {"revision": quote.revision, "status": QuoteStatus(quote.status).label.lower()},
            status=quote.status,
        )


def _customer(company: Company, desk: Desk) -> Company:
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    if forbids(company.status, Deed.QUOTES) or not desk.customers.hold(company.pk):
        raise NotFound(_("There is no such company among your customers."))
    return company


def _new_quote(company: Company, *, contact: User, rfq: Rfq | None, maker: int) -> Quote:
    return Quote.objects.create(
        number=next_number("quote"),
        company=company,
        rfq=rfq,
        owner_id=maker,
        contact=contact,
        status=QuoteStatus.DRAFT,
        currency=company.currency,
    )


def _new_revision(quote: Quote, number: int, *, maker: int) -> QuoteRevision:
    return QuoteRevision.objects.create(
        quote=quote,
        number=number,
        made_by_id=maker,
        maker_ids=[maker],
        valid_until=erp_today() + timedelta(days=active_policy().validity_days),
        payment_term=billing_of(quote.company).payment_term,
    )


def _add_maker(revision: QuoteRevision, maker: int) -> None:
    revision.made_by_id = maker
    revision.maker_ids = sorted({*revision.maker_ids, maker})
