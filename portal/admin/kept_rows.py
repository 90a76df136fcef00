"""Pages of the back office for rows that people keep: a form, a list, a history, and actions that write."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from portal.admin.customers import OwnCustomers
from portal.admin.history import HistoryTab
from portal.admin.stale import FreshForm


class KeptAdmin(FreshForm, HistoryTab, OwnCustomers, SimpleHistoryAdmin, ModelAdmin):
    """A model whose rows are typed here; `keep` and `drop` are the actions that write. History is to be read."""

    keep: Callable[..., Any]
    drop: Callable[..., Any]
    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the action write."""
        type(self).keep(obj, by=request.actor)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Let the action take it away."""
        type(self).drop(obj, by=request.actor)  # type: ignore[attr-defined]

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """The same for the rows that were ticked in the list."""
        for row in queryset:
            self.delete_model(request, row)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The rows that belong to the page's own."""
        formset.save(commit=False)
        for row in formset.deleted_objects:
            self.delete_model(request, row)
        for row in [*formset.new_objects, *(changed for changed, _fields in formset.changed_objects)]:
            self.save_model(request, row, form, change)
