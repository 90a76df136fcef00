"""Budgets and absences as people enter them."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.seats import colleagues_of
from orders.actions.budgets import BudgetDraft
from orders.models import Budget
from orders.queries.budget import cost_centres_for, stamp_of
from orders.states import OnExceeding, PeriodKind
from portal.forms.reach import only_here


class BudgetForm(forms.Form):
    """A budget of the acting company."""

    key = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name of the budget"), max_length=120)
    amount = forms.DecimalField(
        label=_("Per period, net"),
        required=False,
        min_value=Decimal(0),
        max_digits=18,
        decimal_places=4,
        help_text=_("Empty: no limit. 0: nothing is free."),
    )
    period = forms.ChoiceField(label=_("Period"), choices=PeriodKind.choices)
    on_exceeding = forms.ChoiceField(label=_("When it is exceeded"), choices=OnExceeding.choices)
    member = forms.TypedChoiceField(label=_("Whose orders"), required=False, coerce=int, empty_value=None)
    cost_centre = forms.ChoiceField(label=_("Cost centre"), required=False)
    starts_on = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Until, inclusive"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    includes_below = forms.BooleanField(label=_("Also for the companies below"), required=False)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        only_here(self, "includes_below", scope)
        people = [("", _("everybody's")), *((user.pk, str(user)) for user in _members(scope))]
        centres = [("", _("all")), *((one.code, str(one)) for one in cost_centres_for(scope))]
        for name, choices in (("member", people), ("cost_centre", centres)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.choices = choices

    @classmethod
    def of(cls, budget: Budget, *, scope: Scope) -> "BudgetForm":
        """The form that changes a budget."""
        names = ("name", "period", "on_exceeding", "starts_on", "ends_on", "includes_below")
        initial = {
            **{name: getattr(budget, name) for name in names},
            "key": budget.pk,
            "seen": stamp_of(budget),
            "amount": None if budget.amount is None else f"{budget.amount.normalize():f}",
            "member": budget.member_id,
            "cost_centre": budget.cost_centre.code if budget.cost_centre else "",
        }
        return cls(scope=scope, initial=initial)

    def clean(self) -> dict[str, Any]:
        """A period of its own has days."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if data.get("period") == PeriodKind.CUSTOM:
            for name, day in (("starts_on", first), ("ends_on", last)):
                if day is None and name not in self.errors:
                    self.add_error(name, _("A period of its own needs this day."))
        if first and last and last < first:
            self.add_error("ends_on", _("This day is before the first one."))
        return data

    def draft(self) -> BudgetDraft:
        """The answers as the action takes them; only after is_valid."""
        data = self.cleaned_data
        return BudgetDraft(
            name=data["name"],
            amount=data["amount"],
            period=data["period"],
            on_exceeding=data["on_exceeding"],
            member_id=data["member"],
            cost_centre=data["cost_centre"],
            includes_below=data["includes_below"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
        )


def _members(scope: Scope) -> list[Any]:
    return colleagues_of(scope)


class CostCentreForm(forms.Form):
    """A cost centre to be made."""

    code = forms.CharField(label=_("Code"), max_length=30)
    name = forms.CharField(label=_("Name"), max_length=120)


class AbsenceForm(forms.Form):
    """Who decides instead, from a day until another."""

    delegate = forms.TypedChoiceField(label=_("Who decides instead of you"), coerce=int)
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label=_("Until, inclusive"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["delegate"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", _("Choose")), *((user.pk, str(user)) for user in colleagues_of(scope))]

    def moments(self) -> tuple[datetime, datetime]:
        """From the first moment of the first day until the last one of the last, by the reader's clock."""
        zone = timezone.get_current_timezone()
        first, last = self.cleaned_data["starts_on"], self.cleaned_data["ends_on"]
        return (
            datetime.combine(first, time.min, tzinfo=zone),
            datetime.combine(last, time.max, tzinfo=zone),
        )
