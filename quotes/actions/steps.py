"""What the actions of quotes share: lock, check who and which version, move."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.staff import SALES_MANAGER
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, OutOfDate, WrongState
from core.states import check_move
from quotes.models import Quote, QuoteRevision, Rfq
from quotes.queries.desk import desk_of, quote_at, rfq_at
from quotes.states import QUOTE_NEXT, RFQ_NEXT, QuoteStatus, RfqStatus


def staff_id(by: Actor) -> int:
    """The person of the sales staff who acts. Raises NotAllowed for anybody else."""
    return desk_of(by.user_id).user_id


def locked_rfq(rfq: Rfq) -> Rfq:
    """The request, locked and read again."""
    rfqs = Rfq.objects.select_for_update(of=("self",), no_key=True)
    return rfqs.select_related("company", "company__sales_rep", "requested_by").get(pk=rfq.pk)


def locked_quote(quote: Quote) -> Quote:
    """The quote, locked and read again. Where the request is needed too, it is locked before."""
    quotes = Quote.objects.select_for_update(of=("self",), no_key=True)
    return quotes.select_related("company", "company__sales_rep", "owner", "contact", "rfq").get(pk=quote.pk)


def rfq_of_desk(rfq: Rfq, *, by: Actor) -> Rfq:
    """The request, locked, for a person of the sales staff. Raises NotAllowed or NotFound."""
    return locked_rfq(rfq_at(desk_of(by.user_id), rfq.number))


def quote_of_desk(quote: Quote, *, version: int, by: Actor) -> Quote:
    """The quote, locked, for a person of the sales staff who looked at `version` of it.

    Raises NotAllowed, NotFound for another desk's quote, and OutOfDate when it has changed
    since (failure bank 48).
    """
    quote = locked_quote(quote_at(desk_of(by.user_id), quote.number))
    if quote.version != version:
        raise OutOfDate(
            _(
                "Quote %(number)s was changed meanwhile. Nothing was saved: look at it again, "
                "then repeat your step."
            )
            % {"number": quote.number},
            number=quote.number,
            seen=version,
            now=quote.version,
        )
    return quote


def revision_of(quote: Quote) -> QuoteRevision:
    """The working revision of a quote."""
    return quote.revisions.get(number=quote.revision)


def check_status(quote: Quote, *allowed: QuoteStatus) -> None:
    """Refuse a step that starts from certain states alone. Raises WrongState.

    Beside the table: several steps lead to the same state, each from a state of its own.
    """
    if quote.status in allowed:
        return
    raise WrongState(
        _("Quote %(number)s is %(status)s; this step is for quotes that are %(allowed)s.")
        % {
            "number": quote.number,
            "status": QuoteStatus(quote.status).label.lower(),
            "allowed": ", ".join(str(status.label).lower() for status in allowed),
        },
        status=quote.status,
        allowed=sorted(str(status.value) for status in allowed),
    )


def move_quote(quote: Quote, new: QuoteStatus, **changes: Any) -> None:
    """Move a locked quote on, if its table lets it, and count its version.

    changes: other columns of the quote that go with it. Raises WrongState.
    """
    check_move(QUOTE_NEXT, quote.status, new)
    write_quote(quote, status=new, **changes)


def write_quote(quote: Quote, **changes: Any) -> None:
    """Write columns of a locked quote and count its version."""
    changes["version"] = quote.version + 1
    for name, value in changes.items():
        setattr(quote, name, value)
    quote.save(update_fields=[*changes, "updated_at"])


def move_rfq(rfq: Rfq, new: RfqStatus, **changes: Any) -> None:
    """Move a locked request on, if its table lets it. Raises WrongState."""
    check_move(RFQ_NEXT, rfq.status, new)
    for name, value in {"status": new, **changes}.items():
        setattr(rfq, name, value)
    rfq.save(update_fields=["status", *changes])


def need_text(text: str, message: Any, field: str) -> str:
    """A text that must say something. Raises InvalidValue naming the field."""
    if not text.strip():
        raise InvalidValue(message, field=field)
    return text.strip()


def check_manager(by: Actor) -> None:
    """Refuse whoever is not a sales manager. Raises NotAllowed."""
    if not desk_of(by.user_id).is_manager:
        raise NotAllowed(
            _("Only a sales manager approves or returns quotes. Ask one to look at it."),
            right=SALES_MANAGER,
        )
