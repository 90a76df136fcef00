"""What happened and what was refused, as it was recorded; read only."""

import json
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.models import Conflict, Event, Refusal
from portal.admin.fed import FedAdmin
from portal.admin.operations.words import without_people

# What the log calls a system, and people do.
SYSTEMS = {"erp": "ERP", "pim": "PIM", "us": "Accord", "portal": "Accord", "supplier": "Supplier"}


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

    list_display = ("at", "record", "key", "field_word", "kept_word", "refused_word", "holds", "rule")
    list_filter = ("winner", "model", "rule")
    search_fields = ("key", "field", "correlation_id")
    ordering = ("-id",)

    @admin.display(description=_("record"), ordering="model")
    def record(self, conflict: Conflict) -> str:
        """What kind of record it is, as people call it."""
        model = _model_of(conflict)
        return str(model._meta.verbose_name).capitalize() if model else conflict.model

    @admin.display(description=_("field"), ordering="field")
    def field_word(self, conflict: Conflict) -> str:
        """The field by its name; one that is computed keeps its key, with spaces."""
        model = _model_of(conflict)
        fields = {field.name: field for field in model._meta.fields} if model else {}
        field = fields.get(conflict.field)
        return str(field.verbose_name) if field else conflict.field.replace("_", " ")

    @admin.display(description=_("holds"))
    def kept_word(self, conflict: Conflict) -> str:
        """The value that holds."""
        return _value(conflict.kept)

    @admin.display(description=_("does not hold"))
    def refused_word(self, conflict: Conflict) -> str:
        """The value of the other side."""
        return _value(conflict.refused)

    @admin.display(description=_("whose word"), ordering="winner")
    def holds(self, conflict: Conflict) -> str:
        """Whose word holds, and against whom."""
        return gettext("%(winner)s, not %(loser)s") % {
            "winner": _system(conflict.winner),
            "loser": _system(conflict.loser),
        }


def _model_of(conflict: Conflict) -> type[Model] | None:
    try:
        return apps.get_model(conflict.model)
    except (LookupError, ValueError):
        return None


def _system(key: str) -> str:
    return SYSTEMS.get(key, key)


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
