"""Other systems: whether they answer, and how fast all workers together may ask them (INT-23)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget

from integrations.actions.systems import set_pace
from integrations.models import System
from portal.admin.customers import OwnCustomers
from portal.admin.history import HistoryTab
from portal.admin.stale import FreshForm
from portal.templatetags.accord import at


class PaceForm(forms.ModelForm):
    """How fast a system may be asked; without a number there is no limit."""

    rate_per_second = forms.FloatField(
        label=_("Calls per second"),
        required=False,
        min_value=0.01,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("By all workers together. Empty: as fast as it answers."),
    )
    burst = forms.IntegerField(
        label=_("Calls at once"),
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("So many may follow each other at once after it was quiet for a while."),
    )

    class Meta:
        model = System
        fields = ("rate_per_second", "burst")


@admin.register(System)
class SystemAdmin(FreshForm, HistoryTab, OwnCustomers, ModelAdmin):
    """The systems that were ever called; only their pace is ours to set."""

    customer = None
    form = PaceForm
    list_display = ("system_word", "state", "pace_word", "last_answer", "failures", "last_error")
    list_fullwidth = True
    search_fields = ("key",)
    ordering = ("key",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A system is known from its first call."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays while its flows are there."""
        return False

    @admin.display(description=_("system"), ordering="key")
    def system_word(self, system: System) -> str:
        """The system as people write it."""
        return system.key.upper()

    @display(
        description=_("state"),
        label={_("answers"): "success", _("not reached"): "danger", _("rests"): "warning"},
    )
    def state(self, system: System) -> str:
        """Whether it answers."""
        if system.down_since:
            return gettext("not reached")
        return gettext("rests") if system.rest_until else gettext("answers")

    @admin.display(description=_("pace"), ordering="rate_per_second")
    def pace_word(self, system: System) -> str:
        """How fast it may be asked."""
        if system.rate_per_second is None:
            return gettext("no limit")
        told = {"rate": f"{system.rate_per_second:g}", "burst": system.burst}
        return gettext("%(rate)s calls a second, %(burst)s at once") % told

    @admin.display(description=_("last answer"), ordering="last_answer_at")
    def last_answer(self, system: System) -> str:
        """When it last answered."""
        return at(system.last_answer_at) if system.last_answer_at else "–"

    def save_model(self, request: HttpRequest, obj: System, form: Any, change: bool) -> None:
        """Set by the hub's action, in force with the next call; the theme's log says who."""
        set_pace(obj.key, form.cleaned_data["rate_per_second"], burst=form.cleaned_data["burst"])
