"""Forms about companies: what the tree is searched for."""

from django import forms
from django.utils.translation import gettext_lazy as _


class TreeForm(forms.Form):
    """What is looked for in the tree."""

    q = forms.CharField(label=_("Name, number or VAT number"), required=False, max_length=100)
