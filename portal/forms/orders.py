"""What is said when an order is decided on, taken back, or submitted again."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.states import Right
from core.errors import DomainError
from orders.actions.direct import DirectLine, priced_lines
from orders.actions.resubmit import ChangedLine, Resubmission
from orders.models import Order, OrderLine
from orders.queries.budget import cost_centres_for


class DecisionForm(forms.Form):
    """An approver's answer; a rejection needs the comment, which the action asks for."""

    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The buyer reads it; needed to return or reject."),
    )


class CancelForm(forms.Form):
    """Why an order is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class ResubmitForm(forms.Form):
    """A returned order to be changed: the quantity of each line, 0 takes it out, and its head.

    prices: of now, by position, per unit; missing for what has none, and for an accepted quote.
    """

    po_number = forms.CharField(label=_("Your PO number"), max_length=60, required=False)
    note = forms.CharField(
        label=_("Note to us"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any = None, *, order: Order, scope: Scope) -> None:
        initial = {"po_number": order.po_number, "note": order.note, "cost_centre": order.cost_centre}
        super().__init__(data, initial=initial)
        self.lines: list[OrderLine] = list(order.lines.select_related("product").order_by("position"))
        self.is_agreed = order.origin == "quote"
        # What stands in a hidden field can be read, too.
        shows_none = self.is_agreed or not scope.may(Right.VIEW_PRICES)
        self.prices = {} if shows_none else _prices(scope, self.lines)
        centres = list(cost_centres_for(scope))
        if centres and not self.is_agreed:
            choices = [("", "–"), *((one.code, str(one)) for one in centres)]
            self.fields["cost_centre"] = forms.ChoiceField(label=_("Cost centre"), choices=choices)
        for line in self.lines:
            self.fields[f"quantity_{line.position}"] = forms.DecimalField(
                label=line.name,
                min_value=Decimal(0),
                initial=f"{line.ordered.normalize():f}",
                disabled=self.is_agreed,
                widget=forms.NumberInput(attrs={"class": "ac-qty-in"}),
            )
            self.fields[f"price_{line.position}"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=self.prices.get(line.position, "")
            )

    @property
    def rows(self) -> list[tuple[OrderLine, Any, Any, Decimal | None]]:
        """Each line with its fields and its price of now."""
        return [
            (
                line,
                self[f"quantity_{line.position}"],
                self[f"price_{line.position}"],
                self.prices.get(line.position),
            )
            for line in self.lines
        ]

    def changed(self) -> Resubmission:
        """The answers as the action takes them; only after is_valid."""
        data = self.cleaned_data
        return Resubmission(
            lines=tuple(
                ChangedLine(line.position, Decimal(data[f"quantity_{line.position}"]), self._shown(line))
                for line in self.lines
            ),
            po_number=data["po_number"],
            note=data["note"],
            cost_centre=data.get("cost_centre", ""),
        )

    def _shown(self, line: OrderLine) -> Decimal | None:
        """The price that the page had shown, where the quantity is as it was shown for."""
        text = self.cleaned_data.get(f"price_{line.position}", "")
        if not text or self.cleaned_data[f"quantity_{line.position}"] != line.ordered:
            return None
        try:
            return Decimal(text)
        except ArithmeticError:
            return None


def _prices(scope: Scope, lines: list[OrderLine]) -> dict[int, Decimal]:
    """The prices of now; a line without one is told when the order is submitted."""
    asked = tuple(DirectLine(line.sku, line.unit_key, line.ordered) for line in lines)
    try:
        wishes = priced_lines(scope, asked)
    except DomainError:
        return {}
    return {line.position: wish.unit_price for line, wish in zip(lines, wishes, strict=True)}
