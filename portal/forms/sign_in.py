"""The sign-in library's forms, for people whose company has a sign-in of its own."""

from typing import Any

from allauth.account import forms as library
from allauth.core import context
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import SignInConnection
from accounts.queries.connections import all_connection_of, all_only_way_for
from accounts.vouching import only_way_words
from portal.openid.leading import lead_to


class LoginForm(library.LoginForm):
    """E-mail and password; the password may stay empty where the address' company has its own sign-in."""

    connection: SignInConnection | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, login=_("E-mail"), password=_("Password"))
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["password"].required = False
        self.fields["password"].widget.is_required = False
        self.fields["password"].help_text = _("Leave it empty if your company has its own sign-in.")

    def clean(self) -> dict[str, Any]:
        """Check the password, or find the provider that the address is led to."""
        if self.errors:
            return self.cleaned_data
        self.connection = all_connection_of(self.cleaned_data["login"])
        if self.cleaned_data.get("password"):
            return self._with_password()
        if self.connection is None:
            self.add_error("password", _("Enter your password: this address has no sign-in of a company."))
        return self.cleaned_data

    def _with_password(self) -> dict[str, Any]:
        """Where a provider is the only way, a wrong password and a known address answer like any other."""
        connection = self.connection
        self.connection = None
        if connection is None or not connection.is_only_way:
            return super().clean()
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError as refusal:
            if getattr(refusal, "code", "") == "too_many_login_attempts":
                raise
            raise self._only_way(connection) from None
        if all_only_way_for(self.user) is not None:
            raise self._only_way(connection)
        return cleaned

    def _only_way(self, connection: SignInConnection) -> forms.ValidationError:
        self.only_way = connection
        return only_way(connection)

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Sign in, or lead to the provider."""
        if self.connection is None:
            return super().login(request, redirect_url=redirect_url)
        return lead_to(
            request, self.connection, email=self.cleaned_data["login"], next_url=redirect_url or ""
        )


class ResetPasswordForm(library.ResetPasswordForm):
    """Asks for the mail with the link; addresses whose only way in is their company's sign-in get words instead."""

    users: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, email=_("E-mail"))

    def clean_email(self) -> str:
        """Refuse by the domain alone, so that nothing tells whether anybody has the address.

        Who has a password all the same, staff or somebody who acts for others too, gets the mail quietly.
        """
        email: str = super().clean_email()
        self.cleaned_data["email"] = email
        connection = all_connection_of(email)
        if connection is None or not connection.is_only_way:
            return email
        self.users = [user for user in self.users if all_only_way_for(user) is None]
        if self.users:
            self.save(context.request)
        self.only_way = connection
        self.add_error(None, only_way(connection))
        return email


class ReauthenticateForm(library.ReauthenticateForm):
    """The password once more, before something changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password=_("Password"))


class ChangePasswordForm(library.ChangePasswordForm):
    """The password there is, and the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(
            self,
            oldpassword=_("Password so far"),
            password1=_("New password"),
            password2=_("New password again"),
        )


class SetPasswordForm(library.SetPasswordForm):
    """The first password of somebody who came by the company's sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password1=_("New password"), password2=_("New password again"))


class NewPasswordForm(library.ResetPasswordKeyForm):
    """The password that replaces a forgotten one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password1=_("New password"), password2=_("New password again"))

    def clean(self) -> dict[str, Any]:
        """Refuse a link of before for whom the company's sign-in has become the only way."""
        cleaned: dict[str, Any] = super().clean()
        connection = all_only_way_for(self.user)
        if connection is not None:
            raise only_way(connection)
        return cleaned


def reword(form: forms.BaseForm, **labels: str) -> None:
    """Give the library's fields our words, and take away what only repeats them inside the box."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].help_text = ""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    if "password1" in form.fields:
        form.fields["password1"].help_text = _("At least 12 characters, not one that is used elsewhere.")


def only_way(connection: SignInConnection) -> forms.ValidationError:
    """The words for somebody who has no password here."""
    return forms.ValidationError(only_way_words(connection.name), code="only_way")
