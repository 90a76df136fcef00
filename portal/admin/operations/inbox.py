"""The inbox: what came in message by message, what became of each, and the case of one that nobody could take."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.models import CaseState
from core.queries import all_cases_of
from integrations.actions.inbox.stuck import subject_of
from integrations.models import InboxMessage
from integrations.states import InboxState
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.operations.words import without_people

KINDS = {
    "order_state": _("State of an order"),
    "shipment": _("Shipment"),
    "invoice": _("Invoice"),
    "credit": _("Credit"),
    "stock": _("Stock"),
    "price": _("Price"),
}
SENDERS = {"erp": "ERP", "pim": "PIM", "supplier": _("Supplier")}
WAYS = {"pull": _("read by us"), "push": _("pushed to us")}


class _WordedFilter(admin.SimpleListFilter):
    """Filters by a column that holds keys, in the words of the page."""

    words: dict[str, Any] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The keys that there are, in words."""
        return [(key, str(word)) for key, word in self.words.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with the chosen key."""
        name = self.parameter_name or ""
        return queryset.filter(**{name: self.value()}) if self.value() else queryset


class SenderFilter(_WordedFilter):
    """By the system that sent it."""

    title, parameter_name, words = _("sender"), "system", SENDERS


class KindFilter(_WordedFilter):
    """By what it tells of."""

    title, parameter_name, words = _("kind"), "kind", KINDS


class WayFilter(_WordedFilter):
    """By how it came."""

    title, parameter_name, words = _("way"), "channel", WAYS


@admin.register(InboxMessage)
class InboxMessageAdmin(FedAdmin):
    """What came in, the newest first; a message that could not be taken in leads to its case."""

    customer = EVERY
    list_display = ("received_at", "kind_word", "key", "sender", "became", "reason", "times", "way")
    list_filter = ("state", SenderFilter, KindFilter, WayFilter)
    search_fields = ("key", "message_id", "correlation_id", "reason")
    ordering = ("-id",)
    hidden = ("id", "payload", "system", "kind", "channel", "state")
    readonly_fields = ("content", "case", "kind_word", "sender", "way", "became")

    def get_fieldsets(self, request, obj=None):  # type: ignore[no-untyped-def]
        """The columns, then its case and what it says."""
        first = (_("Message"), {"fields": ["kind_word", "sender", "way", "became", "case"]})
        said = (_("What it says"), {"fields": ["content"]})
        return [first, *super().get_fieldsets(request, obj), said]

    @admin.display(description=_("kind"), ordering="kind")
    def kind_word(self, message: InboxMessage) -> str:
        """What it tells of."""
        return str(KINDS.get(message.kind, message.kind))

    @admin.display(description=_("sender"), ordering="system")
    def sender(self, message: InboxMessage) -> str:
        """Whose word it is."""
        return str(SENDERS.get(message.system, message.system))

    @display(
        description=_("state"),
        ordering="state",
        label={
            InboxState.NEW.label: "info",
            InboxState.APPLIED.label: "success",
            InboxState.PARKED.label: "warning",
            InboxState.QUARANTINED.label: "danger",
        },
    )
    def became(self, message: InboxMessage) -> str:
        """What became of it."""
        return str(InboxState(message.state).label)

    @admin.display(description=_("way"), ordering="channel")
    def way(self, message: InboxMessage) -> str:
        """Whether we read it or it was pushed."""
        return str(WAYS.get(message.channel, message.channel))

    @admin.display(description=_("case"))
    def case(self, message: InboxMessage) -> str:
        """The open case about it, as a link."""
        cases = all_cases_of(subject_of(message))
        found = next((one for one in cases if one.state == CaseState.OPEN), None)
        if found is None:
            return gettext("none open")
        return format_html(
            '<a class="text-primary-600" href="{}">{}</a>',
            reverse("admin:core_case_page", args=[found.number]),
            gettext("Case %(number)s") % {"number": found.number},
        )

    @admin.display(description=_("payload"))
    def content(self, message: InboxMessage) -> str:
        """The payload, indented, with what names a person hidden (X-23)."""
        return format_html(
            '<div class="ac"><pre class="ac-code">{}</pre></div>',
            json.dumps(without_people(message.payload), indent=2, ensure_ascii=False),
        )
