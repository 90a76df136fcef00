"""The forms by which a buyer answers a quote. Each carries the revision that was seen."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Address
from portal.forms.heads import LONGEST_NOTE
from quotes.drafts import AcceptChoice


class AcceptForm(forms.Form):
    """Where the goods go and under which PO number."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    ship_to = forms.ChoiceField(label=_("Ship to"))
    po_number = forms.CharField(label=_("Your PO number"), required=False, max_length=60)
    note = forms.CharField(
        label=_("Note for the delivery"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, *args: Any, addresses: Iterable[Address], needs_po_number: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ship_to"].choices = [(item.erp_id, str(item)) for item in addresses]  # type: ignore[attr-defined]
        self.fields["po_number"].required = needs_po_number

    def choice(self) -> AcceptChoice:
        """What was chosen, for the action. Only after is_valid()."""
        data = self.cleaned_data
        return AcceptChoice(ship_to_erp_id=data["ship_to"], po_number=data["po_number"], note=data["note"])


class ChangeForm(forms.Form):
    """What should be different."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("What should be different?"),
        max_length=4000,
        help_text=_("Name the line and your price, quantity or date."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class DeclineForm(forms.Form):
    """Why not."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why do you decline?"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
