"""The head of what is made from a cart: what the buyer says once for all of its lines."""

from django import forms
from django.utils.translation import gettext_lazy as _

# Longer than this no note is taken anywhere, so that one that was typed into the cart passes on every later page.
LONGEST_NOTE = 2000


def note_field() -> forms.CharField:
    """A note to us, for the whole document."""
    return forms.CharField(
        label=_("Note to us"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class HeadForm(forms.Form):
    """PO number, day and note, as cart and checkout ask for them."""

    po_number = forms.CharField(
        label=_("Your PO number"),
        max_length=60,
        required=False,
        help_text=_("Printed on every paper of the order."),
    )
    requested_on = forms.DateField(
        label=_("Requested delivery"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = note_field()
