"""The sign-in library's forms of second factors, in our words."""

from typing import Any

from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.utils.translation import gettext as _

from portal.forms.sign_in import reword


class AuthenticateForm(base.AuthenticateForm):
    """The second factor at sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, code=_("Code"))
        self.fields["code"].help_text = _("The six digits from your app, or one of your recovery codes.")
        self.fields["code"].widget.attrs["autofocus"] = True


class ReauthenticateForm(base.ReauthenticateForm):
    """The second factor once more, before something changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, code=_("Code"))
        self.fields["code"].help_text = _("The six digits from your app, or one of your recovery codes.")


class ActivateForm(totp.ActivateTOTPForm):
    """The first code of an app, which shows that it has the key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, code=_("The six digits"))
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "maxlength": 8}


class AddKeyForm(webauthn.AddWebAuthnForm):
    """A passkey or a security key, with a name to know it by."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, name=_("Name"), passwordless=_("Sign in with it alone, without the password"))
        self.fields["name"].help_text = _("By which you know it again, such as “Telephone”.")
        self.fields["passwordless"].initial = True


class RenameKeyForm(webauthn.EditWebAuthnForm):
    """Another name for a key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, name=_("Name"))
