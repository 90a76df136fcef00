"""What is said when an order is decided on or taken back."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DecisionForm(forms.Form):
    """An approver's answer; a rejection needs the comment, which the action asks for."""

    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The buyer reads it; needed to reject."),
    )


class CancelForm(forms.Form):
    """Why an order is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
