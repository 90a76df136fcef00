"""Forms about the staff: roles."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.staff import ROLES, check_roles
from core.errors import InvalidValue


class RolesForm(forms.Form):
    """Exactly the roles that a person shall have."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[(role, role) for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ends the access to the back office."),
    )

    def clean_roles(self) -> list[str]:
        """Roles that may be held together."""
        roles: Any = self.cleaned_data["roles"]
        try:
            check_roles(roles)
        except InvalidValue as error:
            raise forms.ValidationError(str(error)) from error
        return list(roles)
