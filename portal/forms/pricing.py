"""The question of the price explain page."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from catalog.models import Product, ProductUnit
from catalog.queries import all_products, unit_of
from core.errors import DomainError


class ExplainForm(forms.Form):
    """Which company asks for how much of what, and for which day."""

    company = forms.CharField(label=_("Customer number"))
    sku = forms.CharField(label=_("Product"))
    quantity = forms.DecimalField(label=_("Quantity"), min_value=0, max_digits=18, decimal_places=6)
    unit = forms.CharField(label=_("Unit"), required=False)
    on = forms.DateField(label=_("On"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, companies: QuerySet[Company], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.companies = companies
        self.fields["company"].widget.attrs |= {"list": "companies", "autocomplete": "off"}
        self.fields["unit"].widget.attrs["placeholder"] = _("base unit")

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

    def clean(self) -> dict[str, Any]:
        """Find the unit among the product's own; without one it is the base unit."""
        cleaned = super().clean() or {}
        product, key = cleaned.get("sku"), cleaned.get("unit")
        cleaned["unit"] = None
        if product and key:
            cleaned["unit"] = self._unit(product, key)
        return cleaned

    def _unit(self, product: Product, key: str) -> ProductUnit | None:
        try:
            return unit_of(product, key)
        except DomainError as error:
            self.add_error("unit", str(error))
            return None
