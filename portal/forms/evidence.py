"""What evidence is wanted of: a company or an order, and a time in days."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.evidence import Asked


class EvidenceForm(forms.Form):
    """A company, an order, or neither for everything; the days are those of the reader's zone."""

    company = forms.CharField(label=_("Customer number"), required=False, max_length=40)
    order = forms.CharField(label=_("Order number"), required=False, max_length=40)
    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    through = forms.DateField(label=_("Through"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """One thing at a time."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("company") and cleaned.get("order"):
            raise forms.ValidationError(_("Name a customer or an order, not both."))
        return cleaned

    @property
    def asked(self) -> Asked:
        """What the form asks for, with both days whole."""
        told = self.cleaned_data
        zone = timezone.get_current_timezone()
        return Asked(
            since=datetime.combine(told["since"], time(), zone),
            until=datetime.combine(told["through"] + timedelta(days=1), time(), zone),
            company=told["company"].strip(),
            order=told["order"].strip(),
        )
