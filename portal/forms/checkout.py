"""What a buyer decides at checkout."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Address
from accounts.scope import Scope
from core.days import erp_today
from orders.actions.checkout import CheckoutChoice
from orders.models import Order
from orders.queries.budget import cost_centres_for
from orders.queries.orders import numbers_seen, orders_with_po
from portal.forms.heads import HeadForm
from portal.sealed import seal, unseal

SHOWN = "what the checkout showed"


def sealed_facts(digest: str) -> str:
    """What the page showed, as its form carries it: prices are in it, also where the reader sees none."""
    return seal(digest, SHOWN)


class CheckoutForm(HeadForm):
    """Where to, under which number, until when; and what the page had shown.

    A PO number that an open order already carries is asked about once: `keep_po` is the answer.
    """

    token = forms.CharField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput)
    ship_to = forms.ChoiceField(
        label=_("Ship to"),
        error_messages={
            "required": _("Choose where the goods go."),
            "invalid_choice": _("Choose one of your company's delivery addresses."),
        },
    )
    keep_po = forms.BooleanField(label=_("This is another order: keep the number"), required=False)

    field_order = ("token", "shown", "ship_to")

    def __init__(
        self, *args: Any, scope: Scope, addresses: Iterable[Address], needs_po: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        self.used_by: Order | None = None
        self.sees_used = False
        field = self.fields["ship_to"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(address.erp_id, str(address)) for address in addresses]
        self.fields["po_number"].required = needs_po
        self.fields["po_number"].error_messages["required"] = _(
            "Your company orders with a PO number: enter it, it is printed on every paper."
        )
        centres = list(cost_centres_for(scope))
        if centres:
            self.fields["cost_centre"] = forms.ChoiceField(
                label=_("Cost centre"),
                choices=[("", _("choose one")), *((one.code, str(one)) for one in centres)],
                error_messages={"required": _("Choose the cost centre that this order is booked to.")},
            )
        self.fields["requested_on"].widget.attrs["min"] = erp_today().isoformat()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        day = data.get("requested_on")
        if day is not None and day < erp_today():
            self.add_error("requested_on", _("This day is over: choose a later one."))
        self.used_by = orders_with_po(self.scope, data.get("po_number", "")).order_by("-pk").first()
        # The order of this very form, sent twice, is no second use of its number.
        if self.used_by and self.used_by.origin_ref == data.get("token"):
            self.used_by = None
        self.sees_used = bool(self.used_by and numbers_seen(self.scope, [self.used_by.number]))
        if self.used_by and not data.get("keep_po"):
            told = (
                _("%(order)s already carries this number. Change it, or confirm it below.")
                if self.sees_used
                else _(
                    "An order of your company already carries this number. Change it, or confirm it below."
                )
            )
            self.add_error("po_number", told % {"order": self.used_by.number})
        return data

    def choice(self) -> CheckoutChoice:
        """The answers as the action takes them; only after is_valid."""
        data = self.cleaned_data
        return CheckoutChoice(
            token=data["token"],
            shown_digest=unseal(data["shown"], SHOWN) or "",
            ship_to_erp_id=data["ship_to"],
            po_number=data["po_number"],
            note=data["note"],
            requested_on=data["requested_on"],
            cost_centre=data.get("cost_centre", ""),
        )
