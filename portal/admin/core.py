"""What happened and what was refused, as it was recorded; read only."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.models import Conflict, Event, Refusal
from portal.admin.fed import FedAdmin
from portal.admin.operations.words import without_people


@admin.register(Event)
class EventAdmin(FedAdmin):
    """The log of facts: every action's event, in the order they were written."""

    list_display = ("recorded_at", "name", "subject", "company_number", "actor_label", "channel", "source")
    list_filter = ("source", "channel", "name")
    search_fields = ("subject", "name", "company_number", "correlation_id", "actor_label")
    ordering = ("-id",)
    hidden = ("id", "payload")
    readonly_fields = ("content",)

    def get_fieldsets(self, request, obj=None):  # type: ignore[no-untyped-def]
        """The columns, then what the event says."""
        return [*super().get_fieldsets(request, obj), (_("Payload"), {"fields": ["content"]})]

    @admin.display(description=_("payload"))
    def content(self, event: Event) -> str:
        """The payload, indented, with what names a person hidden (X-23)."""
        return format_html(
            '<div class="ac"><pre class="ac-code">{}</pre></div>',
            json.dumps(without_people(event.payload), indent=2, ensure_ascii=False),
        )


@admin.register(Refusal)
class RefusalAdmin(FedAdmin):
    """Attempts that were refused and are remembered: foreign writes, missing rights, stale tabs."""

    list_display = ("at", "code", "message", "actor_label", "on_behalf_of", "channel")
    list_filter = ("code", "channel")
    search_fields = ("message", "actor_label", "on_behalf_of", "correlation_id")
    ordering = ("-id",)


@admin.register(Conflict)
class ConflictAdmin(FedAdmin):
    """Fields of which two systems said different things: both values, the winner and the rule (INT-03)."""

    list_display = ("at", "model", "key", "field", "kept", "refused", "winner", "loser", "rule")
    list_filter = ("winner", "model", "rule")
    search_fields = ("key", "field", "correlation_id")
    ordering = ("-id",)
