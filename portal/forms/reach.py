"""What a form offers to who may decide for the own unit alone."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.queries.companies import reaches_below
from accounts.scope import Scope
from accounts.states import Right


def only_here(form: forms.Form, name: str, scope: Scope) -> None:
    """Take away the choice that it counts for the companies below, from who may not decide for them."""
    if reaches_below(scope, Right.MANAGE_COMPANY):
        return
    field = form.fields[name]
    field.disabled, field.initial = True, False
    field.help_text = _("Your role goes no further than your own unit.")
