"""The form that makes a request for quote of a cart."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Address
from core.days import erp_today
from orders.models import Cart, CartLine
from portal.forms.numbers import NumberField
from portal.templatetags.accord import typed
from quotes.drafts import RfqDraft, Wish


class RfqForm(forms.Form):
    """What goes with the lines of a cart into a request; per line a target price and a note."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("What is it for?"),
        required=False,
        max_length=4000,
        help_text=_("Use, drawing number, yearly need, packing: what helps us to a good price."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    requested_on = forms.DateField(
        label=_("Needed by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    po_number = forms.CharField(label=_("Your PO number, if there is one"), required=False, max_length=60)
    ship_to = forms.ChoiceField(label=_("Ship to"), required=False)

    def __init__(self, *args: Any, cart: Cart, addresses: Iterable[Address], **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "token": cart.token,
                "note": cart.note,
                "requested_on": cart.requested_on,
                "po_number": cart.po_number,
            },
        )
        super().__init__(*args, **kwargs)
        choices = [("", _("Does not matter yet")), *((item.erp_id, str(item)) for item in addresses)]
        self.fields["ship_to"].choices = choices  # type: ignore[attr-defined]
        self.fields["requested_on"].widget.attrs["min"] = erp_today().isoformat()
        self._lines = list(cart.lines.all()) if cart.pk else []
        for line in self._lines:
            self.fields[f"target_{line.pk}"] = NumberField(
                label=_("Target price"),
                required=False,
                min_value=0,
                initial=typed(line.target_price),
                widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "ac-control n fit"}),
            )
            self.fields[f"note_{line.pk}"] = forms.CharField(
                label=_("Note"),
                required=False,
                max_length=300,
                initial=line.note,
                widget=forms.TextInput(attrs={"class": "ac-control"}),
            )

    def fields_of(self, line: CartLine) -> tuple[forms.BoundField, forms.BoundField]:
        """Target price and note of a line."""
        return self[f"target_{line.pk}"], self[f"note_{line.pk}"]

    def clean_requested_on(self) -> date | None:
        day: date | None = self.cleaned_data["requested_on"]
        if day is not None and day < erp_today():
            raise forms.ValidationError(_("This day is over: choose a later one."))
        return day

    def draft(self) -> RfqDraft:
        """What was typed, for the action. Only after is_valid()."""
        data = self.cleaned_data
        return RfqDraft(
            token=data["token"],
            note=data["note"],
            po_number=data["po_number"],
            requested_on=data["requested_on"],
            ship_to_erp_id=data["ship_to"],
            wishes=tuple(
                Wish(line.pk, data[f"target_{line.pk}"], data[f"note_{line.pk}"]) for line in self._lines
            ),
        )
