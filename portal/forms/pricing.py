"""The question of the price explain page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, ProductUnit
from catalog.queries import unit_of
from core.errors import DomainError
from portal.forms.explained import WhatForm


class ExplainForm(WhatForm):
    """Which company asks for how much of what, and for which day."""

    quantity = forms.DecimalField(label=_("Quantity"), min_value=0, max_digits=18, decimal_places=6)
    unit = forms.CharField(label=_("Unit"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].widget.attrs["placeholder"] = _("base unit")

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
