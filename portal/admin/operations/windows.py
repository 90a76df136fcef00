"""Times of rest of other systems: batch runs and maintenance that are no trouble (INT-47)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from core.errors import DomainError
from integrations.actions.windows import check_window, keep_window
from integrations.models import SystemWindow
from integrations.queries import all_windows
from integrations.systems import KINDS
from portal.admin.customers import OwnCustomers
from portal.admin.history import HistoryTab
from portal.admin.stale import FreshForm
from portal.templatetags.accord import at


def when_words(window: SystemWindow) -> str:
    """The days and times of a rest, or its two moments."""
    if window.from_at and window.until_at:
        return f"{at(window.from_at)} – {at(window.until_at)}"
    days = ", ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(window.weekdays))
    return f"{days} {window.starts:%H:%M}–{window.ends:%H:%M}"


def all_rest_words() -> dict[str, str]:
    """By system the times of rest that are in use and not over, in words. One statement."""
    found: dict[str, list[str]] = {}
    for window in all_windows(timezone.now()):
        found.setdefault(window.system, []).append(when_words(window))
    return {system: "; ".join(words) for system, words in found.items()}


class WindowForm(forms.ModelForm):
    """Weekly on some days between two times, or once between two moments."""

    system = forms.ChoiceField(
        label=_("System"),
        choices=[(key, key.upper()) for key in KINDS],
        widget=UnfoldAdminSelectWidget,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Every week on"),
        choices=list(WEEKDAYS_ABBR.items()),
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("The day on which it begins; past midnight it ends on the next."),
    )

    class Meta:
        model = SystemWindow
        fields = (
            "system",
            "kind",
            "note",
            "weekdays",
            "starts",
            "ends",
            "from_at",
            "until_at",
            "is_active",
        )
        labels = {"starts": _("On these days from"), "ends": _("On these days until")}


@admin.register(SystemWindow)
class WindowAdmin(FreshForm, HistoryTab, OwnCustomers, ModelAdmin):
    """The theme's list and form; one that is over is taken out of use, not deleted."""

    customer = None
    form = WindowForm
    ordering = ("-pk",)
    list_display = ("system_word", "kind", "when", "note", "is_active")
    list_filter = ("system", "kind", "is_active")
    search_fields = ("system", "note")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays, so that figures of then can be understood."""
        return False

    @admin.display(description=_("system"), ordering="system")
    def system_word(self, window: SystemWindow) -> str:
        """The system as people write it."""
        return window.system.upper()

    @admin.display(description=_("when"))
    def when(self, window: SystemWindow) -> str:
        """The days and times, or the two moments."""
        return when_words(window)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Refuse beside the field what the action would refuse."""
        form = super().get_form(request, obj, **kwargs)

        class Checked(form):  # type: ignore[misc, valid-type]
            def _post_clean(self) -> None:
                super()._post_clean()
                if not self.errors:
                    try:
                        check_window(self.instance)
                    except DomainError as error:
                        self.add_error(str(error.details.get("field")) or None, str(error))

        return Checked

    def save_model(self, request: HttpRequest, obj: SystemWindow, form: Any, change: bool) -> None:
        """Kept by the hub's action; the theme's log says who."""
        keep_window(obj)
