"""The form of a company's own sign-in."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from accounts.actions.connections import Draft, check_draft
from accounts.models import SignInConnection
from accounts.states import Role
from core.errors import InvalidValue

NEW = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


class ConnectionForm(forms.ModelForm):
    """Issuer, client and domains of a connection; the secret is named, never typed."""

    domains = forms.CharField(
        label=_("Domains"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_(
            "What follows the @ in the addresses of its people, one in a line. Ask for proof that they are its own."
        ),
    )
    newcomer_roles = forms.MultipleChoiceField(
        label=_("Roles of newcomers"),
        choices=Role.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = SignInConnection
        fields = (
            "company", "name", "key", "issuer", "client_id", "secret_name", "domains", "newcomers", "newcomer_roles",
            "is_only_way", "second_factor", "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            kept = self.instance.domains.values_list("domain", flat=True)
            self.initial["domains"] = "\n".join(kept)

    def clean_key(self) -> str:
        """Small letters, digits and hyphens: it stands in an address."""
        key = str(self.cleaned_data["key"])
        if not NEW.fullmatch(key):
            raise forms.ValidationError(_("Small letters, digits and hyphens."))
        return key

    def clean_issuer(self) -> str:
        """An address over TLS, as the provider's document names it."""
        issuer = str(self.cleaned_data["issuer"]).strip()
        parts = urlsplit(issuer)
        is_safe = parts.scheme == "https" or (settings.LOCAL and parts.scheme == "http")
        if not is_safe or not parts.hostname or parts.query or parts.fragment:
            raise forms.ValidationError(_("The issuer begins with https:// and has no question mark."))
        return issuer

    def clean_domains(self) -> str:
        """In lower case, each once."""
        words = re.split(r"[\s,;]+", str(self.cleaned_data["domains"]).lower())
        return "\n".join(sorted({word.removeprefix("@") for word in words if word}))

    def clean(self) -> dict[str, Any]:
        """Say at its field what the action would refuse."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                check_draft(self.draft())
            except InvalidValue as error:
                self.add_error(str(error.details["field"]), str(error))
        return cleaned

    def draft(self) -> Draft:
        """The connection as typed. An issuer and a key that may not be changed any more are those it has."""
        given = {**self.cleaned_data}
        for name in ("key", "issuer"):
            given.setdefault(name, getattr(self.instance, name))
        return Draft(
            key=given["key"],
            name=given["name"],
            issuer=given["issuer"],
            client_id=given["client_id"],
            domains=tuple(given["domains"].split()),
            secret_name=given["secret_name"],
            is_only_way=given["is_only_way"],
            newcomers=given["newcomers"],
            newcomer_roles=tuple(given["newcomer_roles"]),
            second_factor=given["second_factor"],
            is_active=given["is_active"],
        )
