"""Quotes as far as they were sent: all that a buyer may see of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.listing import COUNTED, START, Counted, OfCompanies, Place, Stretch, counts, stretch
from accounts.models import Company
from accounts.queries.lines import lineage_of
from accounts.queries.members import all_members_with
from accounts.scope import Scope
from accounts.states import Right
from catalog.availability import availability
from catalog.queries import all_hidden_from
from core.days import erp_today
from core.errors import NotFound
from orders.live import LiveQuestion
from orders.queries.cart import warehouse_for
from orders.queries.live import asked_line, question_for
from orders.states import LiveKind
from quotes.models import Quote, QuoteLine, QuoteMessage, QuoteRevision
from quotes.rules.document import buyer_view, is_expired
from quotes.rules.revisions import ChangeKind, LineChange, TotalChange, line_changes, total_change
from quotes.states import BuyerView, QuoteStatus

# The rights of which one opens quotes. Who only asks reads them without prices (ACC-05).
READS = (Right.VIEW_PRICES, Right.REQUEST_QUOTES)


@dataclass(frozen=True)
class OfferLine:
    """A line as the buyer sees it: cost, floor and list price are not in it (QTE-08)."""

    position: int
    product_id: int
    sku: str
    name: str
    unit_code: str
    unit_key: str
    numerator: int
    denominator: int
    quantity: Decimal
    unit_price: Decimal | None
    net_amount: Decimal
    tax_percent: Decimal
    target_price: Decimal | None
    note: str

    @property
    def code(self) -> str:
        """The unit's code, as a packed unit is read by."""
        return self.unit_code


@dataclass(frozen=True)
class Said:
    """A message that both sides see. is_ours: said by the shop's staff."""

    at: datetime
    person: str
    is_ours: bool
    revision: int
    text: str


@dataclass(frozen=True)
class BuyerQuote:
    """A quote as the buyer sees it: the revision that was sent last, beside an earlier one.

    changes and total_change compare `revision` with `compared`, the one sent before it; in the
    first nothing has changed. is_answerable: whether this revision can be accepted or declined now.
    hidden: lines of an offer that waits whose product its company may no longer know of, so that it cannot be
    ordered (ENT-08).
    """

    quote: Quote
    view: BuyerView
    revision: QuoteRevision
    lines: tuple[OfferLine, ...]
    revisions: tuple[QuoteRevision, ...]
    compared: QuoteRevision | None
    changes: tuple[LineChange[OfferLine], ...]
    total_change: TotalChange
    messages: tuple[Said, ...]
    hidden: tuple[OfferLine, ...] = ()

    @property
    def is_answerable(self) -> bool:
        """Whether it waits for the buyer's answer."""
        return self.view == BuyerView.WAITING

    @property
    def days_left(self) -> int | None:
        """How many more days it can be accepted, 0 on the last one; None when it cannot."""
        last = self.revision.valid_until
        return (last - erp_today()).days if self.is_answerable and last is not None else None

    @property
    def is_renewable(self) -> bool:
        """Whether it has run out, so that the buyer can only ask for a new one (QTE-10)."""
        return self.view == BuyerView.EXPIRED


def quotes_for(scope: Scope) -> QuerySet[Quote]:
    """The quotes of the companies in scope that were sent at least once, newest first (QTE-06)."""
    return _sent(Quote.objects.filter(scope.documents(Right.SEE_ORDERS, owner="contact")))


def _sent(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    return quotes.filter(sent_revision__gt=0).select_related("company", "owner", "rfq")


def quote_stretch(scope: Scope, place: Place = START, *, tab: str = "all", size: int = 25) -> Stretch[Quote]:
    """A page of the quotes that may be seen, the newest first; three statements at most, however many there are.

    tab: all, or the open ones, which wait for an answer.
    """
    own = _sent(Quote.objects.filter(scope.persons(Right.SEE_ORDERS, owner="contact")))
    rows = _holding(own) if tab == "open" else own
    return stretch(OfCompanies(scope.reach(Right.SEE_ORDERS)), rows, place, size=size)


def quote_counts(scope: Scope) -> dict[str, Counted]:
    """How many quotes each tab holds, up to COUNTED. One statement."""
    return counts({"all": quotes_for(scope), "open": open_quotes(scope)})


@dataclass(frozen=True)
class QuoteRow:
    """A line of the list of quotes."""

    quote: Quote
    revision: QuoteRevision
    view: BuyerView


def quote_rows(quotes: Iterable[Quote]) -> list[QuoteRow]:
    """Quotes with the revision that the buyer sees, in their order; one statement."""
    listed = list(quotes)
    sent = sent_revisions(listed)
    return [QuoteRow(quote, sent[quote.pk], view_of(quote, sent[quote.pk])) for quote in listed]


def open_quotes(scope: Scope) -> QuerySet[Quote]:
    """The offers that wait for the company's answer and still hold, newest first (QTE-16)."""
    return _holding(quotes_for(scope))


def open_count(scope: Scope) -> Counted:
    """How many open offers there are, up to COUNTED. One statement."""
    return counts({"open": open_quotes(scope)})["open"]


def _holding(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    shown = QuoteRevision.objects.filter(quote=OuterRef("pk"), number=OuterRef("sent_revision"))
    return quotes.filter(Exists(shown.exclude(valid_until__lt=erp_today())), status=QuoteStatus.SENT)


def waiting_quotes(scope: Scope) -> QuerySet[Quote]:
    """The open offers that this person may accept or decline, newest first: those of the acting company (QTE-16).

    None for whoever does not buy there or sees no prices. A branch's own people answer what is for the branch.
    """
    if not may_answer(scope, scope.company_id):
        return Quote.objects.none()
    return open_quotes(scope).filter(company_id=scope.company_id or 0).order_by("-id")


def waiting_count(scope: Scope, *, most: int = COUNTED) -> Counted:
    """How many offers wait for this person's answer, up to `most` (QTE-16). One statement."""
    return counts({"waiting": waiting_quotes(scope)}, most=most)["waiting"]


def may_answer(scope: Scope, company_id: int | None) -> bool:
    """Whether this person accepts or declines offers for a company: the acting one, in nobody else's place."""
    buys = scope.may(Right.BUY) and scope.may(Right.VIEW_PRICES)
    return buys and scope.principal_id is None and company_id == scope.company_id


def may_read(scope: Scope) -> bool:
    """Whether this person reads quotes: with their prices, or without, having asked for them."""
    return any(scope.may(right) for right in READS)


def answerers_of(company: Company) -> list[str]:
    """The names of who may answer an offer for a company: who orders there and sees prices."""
    sees = {user.pk for user in all_members_with(Right.VIEW_PRICES, [company.pk])}
    return [str(user) for user in all_members_with(Right.BUY, [company.pk]) if user.pk in sees]


def sent_revisions(quotes: list[Quote]) -> dict[int, QuoteRevision]:
    """The revision that the buyer sees of each of these quotes, by the quote's id; one statement."""
    rows = QuoteRevision.objects.filter(quote__in=quotes, number=F("quote__sent_revision"))
    return {row.quote_id: row for row in rows}


def quote_in(scope: Scope, number: str) -> Quote:
    """A sent quote in scope. Raises NotFound, the same for unknown, unsent and foreign ones."""
    quote = quotes_for(scope).filter(number=number).first()
    if quote is None:
        raise NotFound(_("There is no such quote."))
    return quote


def quote_for_buyer(scope: Scope, number: str, revision: int | None = None) -> BuyerQuote:
    """A quote as the buyer sees it; revision: an earlier sent one to look at.

    Raises NotFound for foreign and unsent ones, NotAllowed for whoever neither sees prices nor asks for quotes.
    Reads only, in a fixed number of statements. Source: QTE-08, QTE-09, failure bank 11.
    """
    quote = quote_in(scope, number)
    if not may_read(scope):
        scope.require(Right.VIEW_PRICES)
    sent = tuple(quote.revisions.filter(sent_at__isnull=False).select_related("payment_term", "ship_to"))
    wanted = revision or quote.sent_revision
    shown = next((row for row in sent if row.number == wanted), None)
    if shown is None:
        raise NotFound(_("There is no such revision."))
    earlier = [row for row in sent if row.number < shown.number]
    compared = earlier[-1] if earlier else None
    lines = offer_lines([row.pk for row in (shown, compared) if row])
    changes = _changes(lines.get(compared.pk, ()) if compared else None, lines.get(shown.pk, ()))
    view = view_of(quote, next(row for row in sent if row.number == quote.sent_revision))
    return BuyerQuote(
        quote=quote,
        view=view,
        revision=shown,
        lines=lines.get(shown.pk, ()),
        revisions=sent,
        compared=compared,
        changes=tuple(changes),
        total_change=total_change(changes, quote.currency),
        messages=tuple(_said(message) for message in quote.messages.filter(is_internal=False)),
        hidden=_hidden(quote, lines.get(shown.pk, ())) if view == BuyerView.WAITING else (),
    )


def _hidden(quote: Quote, lines: tuple[OfferLine, ...]) -> tuple[OfferLine, ...]:
    gone = all_hidden_from(lineage_of(quote.company_id), [line.product_id for line in lines])
    return tuple(line for line in lines if line.product_id in gone)


def _changes(old: tuple[OfferLine, ...] | None, new: tuple[OfferLine, ...]) -> list[LineChange[OfferLine]]:
    if old is None:
        return [LineChange(ChangeKind.SAME, None, line) for line in new]
    return line_changes(old, new)


def view_of(quote: Quote, sent: QuoteRevision) -> BuyerView:
    """What the buyer is told about a quote whose sent revision is `sent`."""
    expired = is_expired(sent.valid_until, erp_today())
    view = buyer_view(QuoteStatus(quote.status), quote.sent_revision, expired=expired)
    if view is None:
        raise NotFound(_("There is no such quote."))
    return view


def offer_lines(revision_ids: list[int]) -> dict[int, tuple[OfferLine, ...]]:
    """The lines of some revisions as a buyer sees them, by the revision's id; one statement."""
    found: dict[int, list[OfferLine]] = {}
    for line in QuoteLine.objects.filter(revision_id__in=revision_ids).order_by("revision_id", "position"):
        found.setdefault(line.revision_id, []).append(offer_line(line))
    return {revision: tuple(lines) for revision, lines in found.items()}


def offer_line(line: QuoteLine) -> OfferLine:
    """What of a line is for the buyer."""
    return OfferLine(
        position=line.position,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        unit_code=line.unit_code,
        unit_key=line.unit_key,
        numerator=line.numerator,
        denominator=line.denominator,
        quantity=line.quantity,
        unit_price=line.unit_price,
        net_amount=line.net_amount,
        tax_percent=line.tax_percent,
        target_price=line.target_price,
        note=line.note,
    )


def _said(message: QuoteMessage) -> Said:
    return Said(
        at=message.at,
        person=message.actor_label,
        is_ours=not message.on_behalf_of,
        revision=message.revision,
        text=message.text,
    )


def quote_question(revision: QuoteRevision, company: Company) -> LiveQuestion:
    """What the ERP is asked before an offer is accepted: stock and credit, for its price is agreed (X-12)."""
    lines = list(revision.lines.select_related("product").order_by("position"))
    asked = [
        asked_line(
            sku=line.product.sku,
            unit_key=line.unit_key,
            unit_erp_id="",
            quantity=line.quantity,
            ratio=(line.numerator, line.denominator),
            answer=None,
        )
        for line in lines
    ]
    wants = [(line.product_id, item.quantity_base) for line, item in zip(lines, asked, strict=True)]
    warehouse = warehouse_for(wants, availability([line.product_id for line in lines]))
    kinds = (LiveKind.STOCK, LiveKind.CREDIT)
    return question_for(company, asked, warehouse, revision.gross_amount, kinds)
