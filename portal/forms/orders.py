"""What is said when an order is decided on, taken back, or submitted again."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.queries.addresses import ship_to_addresses
from accounts.scope import Scope
from accounts.states import Right
from core.errors import DomainError
from core.money import line_net
from orders.actions.direct import DirectLine, priced_lines
from orders.actions.resubmit import ChangedLine, Resubmission
from orders.models import Order, OrderLine
from orders.queries.budget import cost_centres_for
from portal.forms.heads import note_field


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

    prices: of now, by position, per unit, for the quantities typed; missing for what has none, and for an
    accepted quote. It is valid only once they are what the page had shown: is_repriced tells that they were not.
    """

    po_number = forms.CharField(label=_("Your PO number"), max_length=60, required=False)
    note = note_field()

    def __init__(self, data: Any = None, *, order: Order, scope: Scope) -> None:
        initial = {"po_number": order.po_number, "note": order.note, "cost_centre": order.cost_centre}
        super().__init__(data, initial=initial)
        self.lines: list[OrderLine] = list(order.lines.select_related("product").order_by("position"))
        self.is_agreed = order.origin == "quote"
        # What stands in a hidden field can be read, too.
        shows_none = self.is_agreed or order.company_id not in scope.reach(Right.VIEW_PRICES)
        self.scope, self.shows_none, self.is_repriced = scope, shows_none, False
        self.prices = {} if shows_none else _prices(scope, [(line, line.ordered) for line in self.lines])
        self.fields["ship_to"] = self._places(order, scope)
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

    @staticmethod
    def _places(order: Order, scope: Scope) -> forms.ChoiceField:
        """Where the goods may go; where the order's own address is out of use, another one has to be chosen."""
        places = [(one.erp_id, str(one)) for one in ship_to_addresses(scope).filter(company=order.company_id)]
        own = order.ship_to_address.erp_id
        if own not in dict(places):
            places.insert(0, ("", str(_("Choose another address: the one so far is out of use."))))
        return forms.ChoiceField(label=_("Deliver to"), choices=places, initial=own, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse prices that were not shown for these quantities, and show them (failure bank 18)."""
        data = super().clean() or self.cleaned_data
        typed = [(line, data.get(f"quantity_{line.position}")) for line in self.lines]
        if self.shows_none or any(quantity is None for _line, quantity in typed):
            return data
        asked = [(line, quantity) for line, quantity in typed if quantity]
        self.prices = _prices(self.scope, asked)
        self.is_repriced = any(self._shown(position) != now for position, now in self.prices.items())
        if self.is_repriced:
            now = {f"price_{line.position}": str(self.prices.get(line.position, "")) for line in self.lines}
            self.data = {**{name: self.data[name] for name in self.data}, **now}
            self.add_error(
                None,
                _("Prices for these quantities differ from those shown: look at them and submit again."),
            )
        return data

    @property
    def net_now(self) -> Decimal:
        """The net of the lines at the prices of now, for the quantities typed; only after is_valid."""
        return sum(
            (
                line_net(
                    self.cleaned_data[f"quantity_{line.position}"],
                    self.prices[line.position],
                    currency=self.scope.currency,
                )
                for line in self.lines
                if line.position in self.prices
            ),
            Decimal(0),
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
                ChangedLine(
                    line.position, Decimal(data[f"quantity_{line.position}"]), self._shown(line.position)
                )
                for line in self.lines
            ),
            po_number=data["po_number"],
            note=data["note"],
            cost_centre=data.get("cost_centre", ""),
            ship_to_erp_id=data.get("ship_to", ""),
        )

    def _shown(self, position: int) -> Decimal | None:
        """The price that the page had shown."""
        try:
            return Decimal(self.cleaned_data.get(f"price_{position}") or "x")
        except ArithmeticError:
            return None


def _prices(scope: Scope, lines: list[tuple[OrderLine, Decimal]]) -> dict[int, Decimal]:
    """The prices of now of so much of each line; one without any is told when the order is submitted."""
    asked = tuple(DirectLine(line.sku, line.unit_key, quantity) for line, quantity in lines)
    try:
        wishes = priced_lines(scope, asked)
    except DomainError:
        return {}
    return {line.position: wish.unit_price for (line, _quantity), wish in zip(lines, wishes, strict=True)}
