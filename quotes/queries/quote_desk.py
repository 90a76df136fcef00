"""One quote as the sales desk sees it: figures, reasons, revisions, messages, approvals."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from catalog.models import ProductUnit
from core.days import erp_today
from orders.queries.credit import CreditOutlook, all_credit_outlook
from quotes.models import Quote, QuoteApproval, QuoteLine, QuoteMessage, QuotePolicy, QuoteRevision
from quotes.queries.desk import Desk, active_policy, figures_of, limits_of, quote_at
from quotes.queries.offers import OfferLine, offer_line
from quotes.rules.approval import LineFigures, QuoteFigures, Reason, approval_reasons
from quotes.rules.document import buyer_view, is_expired
from quotes.rules.revisions import ChangeKind, LineChange, TotalChange, line_changes, total_change
from quotes.states import BuyerView, QuoteStatus


@dataclass(frozen=True)
class DeskLine:
    """A line with what it is judged by. sent_price: the other price that the buyer has before him."""

    line: QuoteLine
    figures: LineFigures
    sent_price: Decimal | None


@dataclass(frozen=True)
class DeskRevision:
    """A revision with its margin."""

    revision: QuoteRevision
    figures: QuoteFigures

    @property
    def margin_percent(self) -> Decimal | None:
        """What of the net is left over the cost, in percent."""
        return self.figures.margin_percent

    @property
    def offer(self) -> list[OfferLine]:
        """The lines as the buyer sees them."""
        return [offer_line(line) for line in self.revision.lines.all()]

    @property
    def margins(self) -> dict[int, Decimal | None]:
        """The margin of each line, by position."""
        return {line.position: line.margin_percent for line in self.figures.lines}


@dataclass(frozen=True)
class DeskChange:
    """What became of a line since the buyer saw it. figures: of the new line, None for a removed one.

    old_margin, new_margin: in percent.
    """

    change: LineChange[OfferLine]
    figures: LineFigures | None
    old_margin: Decimal | None

    @property
    def new_margin(self) -> Decimal | None:
        """The margin now."""
        return self.figures.margin_percent if self.figures else None

    @property
    def is_below_floor(self) -> bool:
        """Whether the new price is below its floor."""
        return self.figures is not None and self.figures.is_below_floor


@dataclass(frozen=True)
class DeskQuote:
    """Everything on a quote. working: the revision in hand; sent: the buyer's, None before the first.

    reasons: why the working revision needs approval by the policy in force. view: what the buyer
    is told, None while there is nothing to be seen. approvals: all requests, newest first.
    """

    quote: Quote
    working: DeskRevision
    sent: DeskRevision | None
    lines: tuple[DeskLine, ...]
    reasons: tuple[Reason, ...]
    policy: QuotePolicy
    revisions: tuple[DeskRevision, ...]
    messages: tuple[QuoteMessage, ...]
    approvals: tuple[QuoteApproval, ...]
    view: BuyerView | None

    @property
    def status(self) -> QuoteStatus:
        """Where it is on our side."""
        return QuoteStatus(self.quote.status)

    @property
    def is_editable(self) -> bool:
        """Whether the working revision can be changed."""
        return self.status == QuoteStatus.DRAFT

    @property
    def pending(self) -> QuoteApproval | None:
        """The request that waits for a manager."""
        pending = QuoteApproval.Decision.PENDING
        return next((approval for approval in self.approvals if approval.decision == pending), None)

    @property
    def decided(self) -> QuoteApproval | None:
        """The manager's approval of the working revision."""
        newest = next(iter(self.approvals), None)
        is_ours = newest is not None and newest.revision_id == self.working.revision.pk
        return newest if is_ours and newest and newest.decision == QuoteApproval.Decision.APPROVED else None

    @property
    def returned(self) -> QuoteApproval | None:
        """The manager's return that the working revision came back with."""
        newest = next(iter(self.approvals), None)
        is_ours = newest is not None and newest.revision_id == self.working.revision.pk
        return newest if is_ours and newest and newest.decision == QuoteApproval.Decision.RETURNED else None

    @property
    def credit(self) -> CreditOutlook:
        """What the customer's credit says to the working revision."""
        return all_credit_outlook(self.quote.company, self.working.revision.gross_amount)

    def changes(self) -> list[DeskChange]:
        """The lines of the working revision beside those that the buyer has, with their margins."""
        new = self.working
        old = self.sent if self.sent is not None and self.sent is not new else None
        if old is None:
            changes = [LineChange(ChangeKind.ADDED, None, line) for line in new.offer]
        else:
            changes = line_changes(old.offer, new.offer)
        figures = {line.position: line for line in new.figures.lines}
        return [
            DeskChange(
                change,
                figures=figures[change.new.position] if change.new else None,
                old_margin=old.margins.get(change.old.position) if old and change.old else None,
            )
            for change in changes
        ]

    def total_change(self) -> TotalChange:
        """By how much and why the net moved since the buyer saw it."""
        changes = [item.change for item in self.changes()] if self.sent else []
        return total_change(changes, self.quote.currency)


def quote_desk(desk: Desk, number: str) -> DeskQuote:
    """A quote of a desk with everything on it, in a fixed number of statements.

    Raises NotFound for unknown ones and those of other desks. Source: QTE-04, QTE-09.
    """
    quote = quote_at(desk, number)
    units = ProductUnit.objects.filter(is_active=True).order_by("-is_default", "numerator")
    lines = QuoteLine.objects.select_related("product", "unit").order_by("position")
    lines = lines.prefetch_related(Prefetch("product__units", units))
    rows = quote.revisions.select_related("made_by", "payment_term", "ship_to")
    rows = rows.prefetch_related(Prefetch("lines", queryset=lines)).order_by("-number")
    revisions = tuple(DeskRevision(row, figures_of(list(row.lines.all()))) for row in rows)
    working = next(item for item in revisions if item.revision.number == quote.revision)
    sent = next((item for item in revisions if item.revision.number == quote.sent_revision), None)
    policy = active_policy()
    approvals = QuoteApproval.objects.filter(revision__quote=quote).select_related(
        "revision", "decided_by", "actor_user"
    )
    expired = sent is not None and is_expired(sent.revision.valid_until, erp_today())
    return DeskQuote(
        quote=quote,
        working=working,
        sent=sent,
        lines=_lines(working, sent),
        reasons=approval_reasons(working.figures, limits_of(policy)),
        policy=policy,
        revisions=revisions,
        messages=tuple(quote.messages.all()),
        approvals=tuple(approvals.order_by("-pk")),
        view=buyer_view(QuoteStatus(quote.status), quote.sent_revision, expired=expired),
    )


def _lines(working: DeskRevision, sent: DeskRevision | None) -> tuple[DeskLine, ...]:
    before: dict[int, Decimal | None] = {}
    if sent is not None and sent is not working:
        for change in line_changes(sent.offer, working.offer):
            if change.new and change.has_new_price and change.old:
                before[change.new.position] = change.old.unit_price
    lines = zip(working.revision.lines.all(), working.figures.lines, strict=True)
    return tuple(DeskLine(line, figures, before.get(line.position)) for line, figures in lines)
