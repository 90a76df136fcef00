"""Registration of a company, by a stranger: every word of it helps somebody who fills it in once in a lifetime."""

from typing import Any

from babel import Locale
from django import forms
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from accounts.actions.registrations import Application
from accounts.tax_ids import checked_tax_id
from core.errors import InvalidValue

# What CLDR lists beside the countries of ISO 3166: groups of states, places without customs of their own, test codes.
NO_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())


def countries() -> list[tuple[str, str]]:
    """The countries by name, in the language of the page."""
    names = Locale.parse(to_locale(get_language() or "en")).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return sorted(
        ((code, name) for code, name in found if code not in NO_COUNTRIES),
        key=lambda item: item[1].casefold(),
    )


class RegistrationForm(forms.Form):
    """Who would like to be a customer. asks_consent: whether the use of the data is to be agreed to."""

    company_name = forms.CharField(
        label=_("Name of the company"),
        max_length=200,
        help_text=_("As it stands on your invoices, with its legal form."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"}))
    tax_id = forms.CharField(
        label=_("VAT number"),
        max_length=40,
        help_text=_("With or without the letters of the country; spaces do not matter."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    street = forms.CharField(
        label=_("Street and number"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    postal_code = forms.CharField(
        label=_("Postal code"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "postal-code"})
    )
    city = forms.CharField(
        label=_("City"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    person_name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your e-mail address at work"),
        max_length=254,
        help_text=_("You will sign in with it. We send a link there first."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Enter an e-mail address such as name@company.com.")},
    )
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    wish = forms.CharField(
        label=_("What would you like to buy?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "What you make, which parts you need, about how much a year: it helps us to answer soon."
        ),
    )
    agreed = forms.BooleanField(
        label=_("I agree that my data are used to decide on this registration and to run our account."),
        error_messages={"required": _("Tick this box: without it we may not look at your registration.")},
    )

    def __init__(self, *args: Any, asks_consent: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", _("Choose")), *countries()]  # type: ignore[attr-defined]
        if not asks_consent:
            del self.fields["agreed"]
        for name, field in self.fields.items():
            if field.required:
                field.error_messages.setdefault("required", NEEDED)
                if name != "agreed":
                    field.error_messages["required"] = MISSING.get(name, NEEDED)
            field.error_messages["max_length"] = _("This is too long: at most %(limit_value)d characters.")

    def clean(self) -> dict[str, Any]:
        """The number is held against the country at once, beside all other fields."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("country") and data.get("tax_id"):
            try:
                checked_tax_id(data["country"], data["tax_id"])
            except InvalidValue as error:
                self.add_error("tax_id", str(error))
        return data

    def application(self, *, locale: str) -> Application:
        """What was typed, for the action. Only after is_valid(). locale: of the mails."""
        typed = {name: value for name, value in self.cleaned_data.items() if name != "agreed"}
        return Application(**typed, locale=locale, has_agreed=bool(self.cleaned_data.get("agreed")))


NEEDED = _("This is needed.")
MISSING = {
    "company_name": _("Enter the name of your company."),
    "country": _("Choose the country of your company."),
    "tax_id": _("Enter the VAT number of your company, as it stands on its invoices."),
    "street": _("Enter street and number."),
    "postal_code": _("Enter the postal code."),
    "city": _("Enter the city."),
    "person_name": _("Enter your name."),
    "email": _("Enter your e-mail address at work."),
}
