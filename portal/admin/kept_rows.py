"""Pages of the back office for rows that people keep: a form, a list, a history, and actions that write."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from portal.admin.customers import OwnCustomers, customers_for
from portal.admin.stale import FreshForm


class KeptAdmin(FreshForm, OwnCustomers, SimpleHistoryAdmin, ModelAdmin):
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

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The versions of a row that the person may see."""
        self._check_own(request, object_id)
        shown: HttpResponse = super().history_view(request, object_id, extra_context)
        return shown

    def _check_own(self, request: HttpRequest, object_id: str) -> None:
        if not customers_for(request).is_all:
            self.get_object(request, object_id)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """An earlier version, to be read; the library would let it be written back without the action."""
        if request.method == "POST":
            raise PermissionDenied
        self._check_own(request, object_id)
        shown: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return shown
