"""Segments of customers, as the back office keeps them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from accounts.actions.segments import limit_age, put_in_segment, save_segment, take_out_of_segment
from accounts.models import Segment, SegmentLimit, SegmentMember
from core.actor import Actor
from integrations.flows import kinds_of_figures
from portal.admin.customers import EVERY, OwnCustomers
from portal.admin.history import HistoryTab
from portal.admin.stale import FreshForm


class SegmentMemberInline(OwnCustomers, TabularInline):
    """Who is in the segment by itself."""

    customer = "company"
    model = SegmentMember
    fields = ("company",)
    autocomplete_fields = ("company",)
    extra = 1

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A company is put in or taken out, never exchanged."""
        return False


class SegmentLimitForm(forms.ModelForm):
    """An age limit, in minutes."""

    kind = forms.ChoiceField(label=_("figures"))
    minutes = forms.IntegerField(
        label=_("may be at most so many minutes old"), min_value=1, max_value=100_000
    )

    class Meta:
        model = SegmentLimit
        fields = ("kind", "minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds_of_figures()  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["kind"].disabled = True
            self.fields["minutes"].initial = max(1, self.instance.limit_seconds // 60)


class SegmentLimitInline(OwnCustomers, TabularInline):
    """How old figures may be on the pages and in the orders of its companies."""

    customer = EVERY
    model = SegmentLimit
    form = SegmentLimitForm
    extra = 0


@admin.register(Segment)
class SegmentAdmin(FreshForm, HistoryTab, OwnCustomers, SimpleHistoryAdmin, ModelAdmin):
    """Regions, customer groups and strategic customers, for prices, assortments and waves of the hub."""

    customer = EVERY
    list_display = ("key", "kind", "name", "count")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    # Said here, since a query that counts forgets the order of its model, and pages need one.
    ordering = ("kind", "code")
    inlines = (SegmentLimitInline, SegmentMemberInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        """With the number of companies put in."""
        return super().get_queryset(request).annotate(members_count=Count("members"))

    @admin.display(description=_("companies put in"))
    def count(self, segment: Segment) -> int:
        """How many companies were put in themselves; those below them come with them."""
        return segment.members_count  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rules name a segment by kind and code: they stay."""
        return ("kind", "code") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rules may name it: it is emptied, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        """Save by the action."""
        by = request.actor  # type: ignore[attr-defined]
        obj.pk = save_segment(obj.kind, obj.code, name=obj.name, by=by).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Put in, take out and limit by the actions."""
        by = request.actor  # type: ignore[attr-defined]
        if formset.model is SegmentLimit:
            self._save_limits(form.instance, formset, by)
            return
        for member in formset.save(commit=False):
            put_in_segment(form.instance, member.company, by=by)
        for member in formset.deleted_objects:
            take_out_of_segment(form.instance, member.company, by=by)

    def _save_limits(self, segment: Segment, formset: Any, by: Actor) -> None:
        formset.save(commit=False)
        for row in formset.deleted_objects:
            limit_age(segment, row.kind, None, by=by)
        for form in formset.forms:
            if form.has_changed() and form not in formset.deleted_forms:
                limit = timedelta(minutes=form.cleaned_data["minutes"])
                limit_age(segment, form.cleaned_data["kind"], limit, by=by)
