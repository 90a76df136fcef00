"""Who and what pages that explain are asked about, and in which company."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from catalog.models import Product
from catalog.queries import all_products


class WhoForm(forms.Form):
    """A person by e-mail address, and a customer by number; the staff are asked about without one, too."""

    person = forms.EmailField(label=_("Person, by e-mail"))
    company = forms.CharField(label=_("Customer number"), required=False)

    def __init__(
        self, *args: Any, people: QuerySet[User], companies: QuerySet[Company], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people, self.companies = people, companies
        self.fields["company"].widget.attrs |= {"list": "companies", "autocomplete": "off"}

    def clean_person(self) -> User:
        """The person of the address."""
        found = self.people.filter(email__iexact=self.cleaned_data["person"]).first()
        if found is None:
            raise forms.ValidationError(_("There is nobody with this address among the people you see."))
        return found

    def clean_company(self) -> Company | None:
        """The company of the number, None for none."""
        number = self.cleaned_data["company"].strip()
        found = self.companies.filter(number=number).first() if number else None
        if number and found is None:
            raise forms.ValidationError(_("There is no customer with this number."))
        return found

    def clean(self) -> dict[str, Any]:
        """Somebody of a customer is asked about in a company."""
        data: dict[str, Any] = super().clean() or {}
        person = data.get("person")
        if person is not None and not person.is_staff and "company" in data and data["company"] is None:
            self.add_error("company", _("Say in which company."))
        return data


class WhatForm(forms.Form):
    """A customer and a product by their numbers, and a day, today unless given."""

    company = forms.CharField(label=_("Customer number"))
    sku = forms.CharField(label=_("Product"))
    on = forms.DateField(label=_("On"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, companies: QuerySet[Company], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.companies = companies
        self.fields["company"].widget.attrs |= {"list": "companies", "autocomplete": "off"}

    def clean_company(self) -> Company:
        """The company of the number."""
        company = self.companies.filter(number=self.cleaned_data["company"].strip()).first()
        if company is None:
            raise forms.ValidationError(_("There is no customer with this number."))
        return company

    def clean_sku(self) -> Product:
        """The product of the number."""
        product = all_products().filter(sku__iexact=self.cleaned_data["sku"].strip()).first()
        if product is None:
            raise forms.ValidationError(_("There is no product with this number."))
        return product
