"""What the sign-in libraries say when something is not right, in our words: what it is, and what to do."""

from django.utils.translation import gettext_lazy as _

ACCOUNT = {
    "email_password_mismatch": _(
        "E-mail address and password do not fit together. Look at both again, or choose a new password."
    ),
    "too_many_login_attempts": _(
        "Too many attempts from where you are, so this sign-in rests for five minutes here. Wait, or choose a new password."
    ),
    "enter_current_password": _("That is not the password so far."),
    "incorrect_password": _("That is not your password."),
    "incorrect_code": _("That code is not right, or no longer."),
    "rate_limited": _("Too many attempts in a short time. Wait a few minutes, then try again."),
    "account_inactive": _(
        "Your sign-in is switched off. The administrator of your company can switch it on again."
    ),
    "invalid_password_reset": _("This link no longer works. Ask for a new one; your password is unchanged."),
    "same_as_current": _("Choose another one than the one so far."),
}
SECOND_FACTOR = {
    "incorrect_code": _(
        "That did not fit: the code is wrong or used up, or the passkey is not known here any more. "
        "Take the code that the app shows now."
    ),
    "cannot_delete_authenticator": _("This second factor cannot be removed now."),
    "cannot_generate_recovery_codes": _("Set up a second factor first; recovery codes stand in for it."),
}
