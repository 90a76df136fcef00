"""The words and links of the operator's pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import Event
from orders.queries.wording import WORDINGS
from portal.audit_words import action_words
from portal.audit_words import kind_words as thing_words
from portal.templatetags.accord import span

# Where a case's age turns from ordinary to amber, as a part of its limit.
SOON = Decimal("0.8")
# The tick of the limit always stands here on the bar.
TICK = 70

KINDS = {
    "erp_refusal": (gettext_lazy("ERP refusal"), "ban"),
    "address_refused": (gettext_lazy("Address refused"), "map-pin"),
    "contact_refused": (gettext_lazy("Contact data refused"), "user"),
    "proposal_unreleased": (gettext_lazy("Change to be released"), "map-pin"),
    "duplicate_customer": (gettext_lazy("Double customer"), "user"),
    "dead_letter": (gettext_lazy("Not delivered"), "send"),
    "checkout_review": (gettext_lazy("Order to look at"), "user-check"),
    "undo_failed": (gettext_lazy("Not undone"), "arrow-back-up"),
    "row_rejected": (gettext_lazy("Rejected row"), "file-text"),
    "rows_rejected": (gettext_lazy("Many rejected rows"), "file-text"),
    "flow_late": (gettext_lazy("Flow is late"), "clock-exclamation"),
    "flow_errors": (gettext_lazy("Flow has errors"), "alert-triangle"),
    "flow_backlog": (gettext_lazy("Much waits"), "inbox"),
    "system_down": (gettext_lazy("System away"), "plug-connected"),
    "flow_broken": (gettext_lazy("Flow stopped"), "plug-connected"),
    "mail_undelivered": (gettext_lazy("Mail not sent"), "mail"),
    "quarantined": (gettext_lazy("Not valid"), "puzzle"),
    "orphan": (gettext_lazy("Parent missing"), "link"),
    "over_shipped": (gettext_lazy("Shipped more"), "truck"),
    "order_differs": (gettext_lazy("Figures differ"), "scale"),
    "contradiction": (gettext_lazy("Contradiction"), "arrows-split-2"),
    "rising_ladder": (gettext_lazy("Rising price"), "chart-line"),
}
STEPS = {
    "opened": gettext_lazy("Opened"),
    "assigned": gettext_lazy("Assigned"),
    "noted": gettext_lazy("Note"),
    "repaired": gettext_lazy("Repair"),
    "told_steward": gettext_lazy("Told to whoever answers for it"),
    "told_next": gettext_lazy("Told to the next level"),
    "closed": gettext_lazy("Settled"),
    "ignored": gettext_lazy("Left as it is"),
}
DESTINATIONS = {"erp": gettext_lazy("ERP"), "mail": gettext_lazy("Mail server")}
# The page of a document that an event's or case's subject names.
PAGES = {
    "order": "admin:orders_order_page",
    "quote": "admin:quotes_quote_page",
    "rfq": "admin:quotes_rfq_page",
}


def kind_words(kind: str) -> str:
    """The kind of a case in words; a kind we have no words for stays readable."""
    words = KINDS.get(kind)
    return str(words[0]) if words else kind.replace("_", " ").capitalize()


def kind_icon(kind: str) -> str:
    """The icon of a kind of case."""
    return KINDS[kind][1] if kind in KINDS else "alert-circle"


def step_words(kind: str) -> str:
    """A step on a case in words."""
    return str(STEPS.get(kind, kind.replace("_", " ").capitalize()))


def page_of(subject: str) -> str:
    """The address of the document that a subject such as `order:SO-1` names, "" without a page."""
    kind, _colon, number = subject.partition(":")
    if kind not in PAGES:
        return ""
    try:
        return reverse(PAGES[kind], args=[number])
    except NoReverseMatch:
        return ""


def destination_words(name: str) -> str:
    """Where a message goes, as people call it; a name we have no words for stays."""
    return str(DESTINATIONS.get(name, name))


def document_words(subject: str) -> str:
    """The number of the document that a subject names; another subject stays as it is."""
    kind, _colon, number = subject.partition(":")
    return number if kind in PAGES else subject


def document_of(subject: str) -> str:
    """What a case is about, in short: a number of ours alone says nothing, so its kind stands before it."""
    kind, _colon, key = subject.partition(":")
    return f"{thing_words(kind)} {key}" if key.isdigit() else key or subject


def event_words(event: Event) -> str:
    """What happened, as a timeline says it; an event without words there, or of another form, as the log calls it."""
    wording = WORDINGS.get(event.name)
    try:
        return str(wording.title(event.payload)) if wording else action_words(event.name)
    except (KeyError, TypeError, ValueError):
        return action_words(event.name)


# What names a person in a payload; it is not needed to mend anything.
PERSONAL = {"email", "phone", "street", "recipients", "contact", "person", "requested_by", "placed_by"}


def without_people(value: Any) -> Any:
    """A payload in which the values that name a person say that they are hidden (X-23)."""
    if isinstance(value, dict):
        return {
            name: _("%(field)s hidden") % {"field": name}
            if name in PERSONAL and inner
            else without_people(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without_people(inner) for inner in value]
    return value


@dataclass(frozen=True)
class AgeMark:
    """An age against its limit as a bar. fill: 0 … 100, the limit stands at 70."""

    words: str
    limit_words: str
    fill: str
    tone: str


def age_mark(since: datetime, limit: timedelta | None, *, now: datetime) -> AgeMark:
    """How old something is against how old it may be: amber from 80 % of the limit, red past it."""
    age = now - since
    if not limit:
        return AgeMark(span(age), "", "0", "")
    part = Decimal(age / limit)
    tone = "bad" if part > 1 else "warn" if part >= SOON else ""
    fill = f"{min(part * TICK, Decimal(100)):.0f}"
    return AgeMark(span(age), _("limit %(span)s") % {"span": span(_to_the_minute(limit))}, fill, tone)


def _to_the_minute(length: timedelta) -> timedelta:
    """A limit that was set an instant after its start is still a limit of a whole hour."""
    return timedelta(minutes=round(length / timedelta(minutes=1)))
