"""What waits on a sales desk, by whose turn it is."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F

from quotes.models import Quote, QuoteApproval, QuoteRevision, Rfq
from quotes.queries.desk import Desk, quotes_at, rfqs_at
from quotes.states import QuoteStatus, RfqStatus

OPEN = (
    QuoteStatus.DRAFT,
    QuoteStatus.IN_APPROVAL,
    QuoteStatus.APPROVED,
    QuoteStatus.SENT,
    QuoteStatus.CHANGE_REQUESTED,
    QuoteStatus.EXPIRED,
)
SHOWN = 200


@dataclass(frozen=True)
class OpenQuote:
    """A quote under way with its working revision and that revision's last request for approval."""

    quote: Quote
    revision: QuoteRevision
    approval: QuoteApproval | None

    @property
    def returned_with(self) -> str:
        """The manager's words that it came back with, "" if it did not."""
        is_returned = self.approval and self.approval.decision == QuoteApproval.Decision.RETURNED
        return self.approval.decision_comment if self.approval and is_returned else ""

    @property
    def net_amount(self) -> Decimal:
        """The net of the working revision."""
        return self.revision.net_amount

    def may_be_approved_by(self, user_id: int) -> bool:
        """Whether this person had no hand in it."""
        return user_id not in self.revision.maker_ids


@dataclass(frozen=True)
class DeskWork:
    """The open work of a desk: requests nobody has started, and quotes by state."""

    new_rfqs: tuple[Rfq, ...]
    quotes: tuple[OpenQuote, ...]

    def in_state(self, *states: QuoteStatus) -> list[OpenQuote]:
        """The open quotes in these states, in their order."""
        return [item for item in self.quotes if item.quote.status in states]

    @property
    def returned(self) -> list[OpenQuote]:
        """Drafts that a manager sent back."""
        return [item for item in self.in_state(QuoteStatus.DRAFT) if item.returned_with]

    @property
    def drafts(self) -> list[OpenQuote]:
        """Drafts that nobody has seen yet, or a new revision in the making."""
        return [item for item in self.in_state(QuoteStatus.DRAFT) if not item.returned_with]


def desk_work(desk: Desk) -> DeskWork:
    """Everything open on a desk, the oldest first; four statements."""
    rfqs = rfqs_at(desk).filter(status=RfqStatus.SUBMITTED).annotate(line_count=Count("lines"))
    quotes = list(quotes_at(desk).filter(status__in=OPEN).order_by("updated_at")[:SHOWN])
    working = QuoteRevision.objects.filter(quote__in=quotes, number=F("quote__revision"))
    revisions = {revision.quote_id: revision for revision in working}
    asked = QuoteApproval.objects.filter(revision__in=revisions.values()).order_by("pk")
    approvals = {approval.revision_id: approval for approval in asked}
    return DeskWork(
        new_rfqs=tuple(rfqs.order_by("submitted_at")[:SHOWN]),
        quotes=tuple(
            OpenQuote(quote, revisions[quote.pk], approvals.get(revisions[quote.pk].pk)) for quote in quotes
        ),
    )


def approvals_waiting(desk: Desk) -> int:
    """How many quotes wait for this manager's approval; 0 for whoever is none."""
    if not desk.is_manager:
        return 0
    waiting = QuoteRevision.objects.filter(
        quote__in=quotes_at(desk).filter(status=QuoteStatus.IN_APPROVAL), number=F("quote__revision")
    )
    return waiting.exclude(maker_ids__contains=[desk.user_id]).count()
