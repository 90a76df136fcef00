"""The two confirmations before a person is erased."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class EraseForm(forms.Form):
    """The address typed once more, and a tick; to: who takes over what is open."""

    to = forms.EmailField(
        label=_("Who takes over what is open"), required=False, help_text=_("An e-mail address.")
    )
    address = forms.CharField(label=_("The person's e-mail address, typed once more"), max_length=254)
    is_sure = forms.BooleanField(label=_("I know that this cannot be taken back"))

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_address(self) -> str:
        """The very address."""
        typed: str = self.cleaned_data["address"].strip()
        if typed.lower() != self.person.email.lower():
            raise forms.ValidationError(_("That is not the person's address."))
        return typed
