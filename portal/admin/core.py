"""What happened and what was refused, as it was recorded; read only."""

import json
import re
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.models import Conflict, Event, Refusal
from integrations.queries import all_conflict_models, with_base_unit
from orders.states import LiveKind, LiveRule, Situation
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.operations.words import without_people
from portal.templatetags.accord import qty, unit

# What the log calls a system, and people do.
SYSTEMS = {"erp": "ERP", "pim": "PIM", "us": "Accord", "portal": "Accord", "supplier": "Supplier"}


@admin.register(Event)
class EventAdmin(FedAdmin):
    """The log of facts: every action's event, in the order they were written."""

    customer = EVERY
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

    customer = EVERY
    list_display = ("at", "code", "message", "actor_label", "on_behalf_of", "channel")
    list_filter = ("code", "channel")
    search_fields = ("message", "actor_label", "on_behalf_of", "correlation_id")
    ordering = ("-id",)


class WinnerFilter(admin.SimpleListFilter):
    """By whose word holds."""

    title, parameter_name = _("whose word"), "winner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The systems, by name."""
        return list({name: (key, name) for key, name in SYSTEMS.items()}.values())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> QuerySet[Conflict]:
        """The conflicts that this system has won, under any of its keys."""
        name = SYSTEMS.get(self.value() or "")
        keys = [key for key, other in SYSTEMS.items() if other == name]
        return queryset.filter(winner__in=keys) if keys else queryset


class RecordFilter(admin.SimpleListFilter):
    """By the kind of record."""

    title, parameter_name = _("record"), "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The kinds of which there are conflicts, as people call them."""
        return [(label, _record_word(label)) for label in all_conflict_models()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> QuerySet[Conflict]:
        """The conflicts of this kind of record."""
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(Conflict)
class ConflictAdmin(FedAdmin):
    """Fields of which two systems said different things: both values, the winner and the rule (INT-03)."""

    customer = EVERY
    list_display = ("at", "record", "key", "field_word", "kept_word", "refused_word", "holds", "rule_word")
    list_filter = (WinnerFilter, RecordFilter)
    search_fields = ("key", "field", "correlation_id")
    ordering = ("-id",)

    @admin.display(description=_("record"), ordering="model")
    def record(self, conflict: Conflict) -> str:
        """What kind of record it is, as people call it."""
        return _record_word(conflict.model)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conflict]:
        """The conflicts, each with the base unit of the product that its key begins with, if it is one."""
        return with_base_unit(super().get_queryset(request))

    @admin.display(description=_("rule"), ordering="rule")
    def rule_word(self, conflict: Conflict) -> str:
        """The rule that decided, in words."""
        return rule_words(conflict.rule)

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
        return _with_unit(conflict, conflict.kept)

    @admin.display(description=_("does not hold"))
    def refused_word(self, conflict: Conflict) -> str:
        """The value of the other side."""
        return _with_unit(conflict, conflict.refused)

    @admin.display(description=_("whose word"), ordering="winner")
    def holds(self, conflict: Conflict) -> str:
        """Whose word holds, and against whom."""
        return gettext("%(winner)s, not %(loser)s") % {
            "winner": _system(conflict.winner),
            "loser": _system(conflict.loser),
        }


RULES = {
    "owner": _("The owner's word holds"),
    "rounding": _("Rounding alone: what was agreed holds"),
    "precedence": _("The preferred system's word holds"),
}
OF_CHECKOUT = re.compile(r"(\w+?)_(\w+):(\w+) v(\d+)")


def rule_words(rule: str) -> str:
    """A rule by which a conflict was decided, in words; one of the checkout names its policy."""
    if rule in RULES:
        return str(RULES[rule])
    found = OF_CHECKOUT.fullmatch(rule)
    try:
        kind, situation, then = (
            (LiveKind(found[1]), Situation(found[2]), LiveRule(found[3])) if found else (None, None, None)
        )
    except ValueError:
        return rule.replace("_", " ")
    if kind is None or situation is None or then is None:
        return rule.replace("_", " ")
    return gettext("%(kind)s: %(situation)s. %(then)s (checkout policy %(version)s)") % {
        "kind": kind.label,
        "situation": situation.label,
        "then": then.label,
        "version": found[4] if found else "",
    }


def _record_word(label: str) -> str:
    model = _model_named(label)
    return str(model._meta.verbose_name).capitalize() if model else label


def _with_unit(conflict: Conflict, value: Any) -> str:
    """The value, a stock figure with its unit."""
    text = _value(value)
    is_stock = conflict.model == "catalog.StockLevel" and conflict.field == "on_hand" and value is not None
    base_unit = getattr(conflict, "base_unit", None)
    return f"{qty(value)} {unit(base_unit, value)}" if is_stock and base_unit else text


def _model_of(conflict: Conflict) -> type[Model] | None:
    return _model_named(conflict.model)


def _model_named(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _system(key: str) -> str:
    return SYSTEMS.get(key, key)


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
