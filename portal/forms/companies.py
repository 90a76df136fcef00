"""Forms about companies: what the tree is searched for, and what buyers propose."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms.registration import countries


class TreeForm(forms.Form):
    """What is looked for in the tree."""

    q = forms.CharField(label=_("Name, number or VAT number"), required=False, max_length=100)


class AddressForm(forms.Form):
    """An address as a buyer would like it; the ERP's word makes it count.

    says_uses: whether this person says what it is for; without that it is for deliveries.
    """

    name = forms.CharField(
        label=_("Name"), required=False, max_length=200, help_text=_("Of the building, gate or recipient.")
    )
    street = forms.CharField(label=_("Street and number"), max_length=300)
    postal_code = forms.CharField(label=_("Postal code"), max_length=20)
    city = forms.CharField(label=_("City"), max_length=100)
    country = forms.ChoiceField(label=_("Country"))
    is_ship_to = forms.BooleanField(label=_("Deliveries go there"), required=False)
    is_bill_to = forms.BooleanField(label=_("Invoices go there"), required=False)

    def __init__(self, *args: Any, says_uses: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.says_uses = says_uses
        if not says_uses:
            del self.fields["is_ship_to"], self.fields["is_bill_to"]
        field = self.fields["country"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", _("Choose")), *countries()]

    def clean(self) -> dict[str, Any]:
        """An address is for something."""
        data = super().clean() or self.cleaned_data
        if self.says_uses and not data.get("is_ship_to") and not data.get("is_bill_to"):
            self.add_error("is_ship_to", _("Say what it is for: deliveries, invoices or both."))
        return data


class ContactForm(forms.Form):
    """Contact data of a company as a buyer would like them; the ERP's word makes them count."""

    phone = forms.CharField(
        label=_("Phone"), required=False, max_length=40, help_text=_("With the code of the country.")
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    invoice_contact = forms.CharField(
        label=_("Who gets the invoices"),
        required=False,
        max_length=120,
        help_text=_("A person or a department."),
    )
    invoice_email = forms.EmailField(
        label=_("E-mail for invoices"),
        required=False,
        max_length=254,
        help_text=_("Empty: they go to the general address."),
    )
