"""What people type into a cart."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.actions.cart import CartDetails, CartItem, LineChange
from portal.forms.heads import HeadForm
from portal.forms.numbers import NumberField


class LineForm(forms.Form):
    """A product and how much of it; for the cart."""

    sku = forms.CharField(max_length=60)
    quantity = NumberField(label=_("Quantity"))
    unit = forms.CharField(max_length=30, required=False)

    def item(self) -> CartItem:
        """The valid form as what the action takes."""
        data = self.cleaned_data
        return CartItem(sku=data["sku"], quantity=data["quantity"], unit_key=data["unit"])


class ChangeForm(forms.Form):
    """A cart line as it shall be."""

    quantity = NumberField(label=_("Quantity"))
    unit = forms.CharField(max_length=30)
    target_price = NumberField(
        label=_("Target price"),
        required=False,
        min_value=Decimal(0),
        error_messages={"invalid": _("Type a price per unit, such as 0.52, or nothing.")},
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def change(self) -> LineChange:
        """The valid form as what the action takes."""
        data = self.cleaned_data
        return LineChange(data["quantity"], data["unit"], data["target_price"], data["note"])


class DetailsForm(HeadForm):
    """The head of a cart."""

    def details(self) -> CartDetails:
        """The valid form as what the action takes."""
        return CartDetails(**self.cleaned_data)


def first_error(form: forms.Form) -> str:
    """The first thing to put right, in one sentence."""
    name, errors = next(iter(form.errors.items()))
    field = form.fields.get(name)
    label = field.label if field and field.label else name
    return f"{label}: {errors[0]}"
