"""Rules, budgets and absences as people enter them."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.seats import colleagues_of, seats_of
from accounts.states import Role
from orders.actions.budgets import BudgetDraft
from orders.actions.rules import RuleDraft
from orders.models import ApprovalRule
from orders.queries.budget import cost_centres_for
from orders.states import Condition, OnExceeding, PeriodKind

STEPS = (1, 2, 3)
NUMBERS = (Condition.AMOUNT, Condition.LINES)
LISTS = (
    Condition.CATEGORY,
    Condition.PRODUCT,
    Condition.BRAND,
    Condition.SHIP_TO,
    Condition.COST_CENTRE,
    Condition.REQUESTER,
)
BARE = (Condition.NEW_PRODUCT, Condition.BUDGET, Condition.ERP_HOLD)
HELP = {
    Condition.CATEGORY: _("Addresses of categories, such as screws; separated by commas."),
    Condition.PRODUCT: _("Product numbers, separated by commas."),
    Condition.BRAND: _("Names, separated by commas."),
    Condition.SHIP_TO: _("Numbers of addresses, separated by commas."),
    Condition.COST_CENTRE: _("Codes, separated by commas."),
    Condition.REQUESTER: _("E-mail addresses, separated by commas."),
}


class RuleForm(forms.Form):
    """A version of an approval rule: conditions that all must hold, and up to three steps."""

    code = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name of the rule"), max_length=120)
    applies_below = forms.BooleanField(label=_("Also for the companies below"), required=False, initial=True)
    may_be_replaced = forms.BooleanField(label=_("Companies below may replace it"), required=False)
    replaces_above = forms.BooleanField(
        label=_("Instead of rules from above that may be replaced"), required=False
    )
    allows_own = forms.BooleanField(label=_("Buyers may approve their own orders by it"), required=False)
    note = forms.CharField(label=_("Why"), required=False, max_length=300)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in NUMBERS:
            self.fields[kind.value] = forms.DecimalField(
                label=kind.label, required=False, min_value=Decimal(0)
            )
        for kind in LISTS:
            self.fields[kind.value] = forms.CharField(
                label=kind.label, required=False, max_length=2000, help_text=HELP[kind]
            )
        for kind in BARE:
            self.fields[kind.value] = forms.BooleanField(label=kind.label, required=False)
        people = {
            seat.user.pk: seat.user for seat in (seats_of(scope.company_id) if scope.company_id else [])
        }
        choices = [
            ("", _("no such step")),
            ("right", _("Everybody who may approve")),
            ("manager", _("The buyer's manager")),
            *((f"role:{role.value}", _("Role %(role)s") % {"role": role.label}) for role in Role),
            *((f"person:{pk}", str(user)) for pk, user in people.items()),
        ]
        for step in STEPS:
            self.fields[f"who_{step}"] = forms.MultipleChoiceField(
                label=_("Step %(number)s: who") % {"number": step},
                choices=choices[1:],
                required=step == 1,
                widget=forms.SelectMultiple(attrs={"size": 4}),
            )
            self.fields[f"all_{step}"] = forms.BooleanField(label=_("all of them"), required=False)
            self.fields[f"remind_{step}"] = forms.IntegerField(
                label=_("reminded after hours"), required=False, min_value=1, initial=24
            )
            self.fields[f"escalate_{step}"] = forms.IntegerField(
                label=_("escalated after hours"), required=False, min_value=1, initial=72
            )

    @property
    def numbers(self) -> list[Any]:
        """The fields of figures and lists."""
        return [self[kind.value] for kind in (*NUMBERS, *LISTS)]

    @property
    def ticks(self) -> list[Any]:
        """The fields of conditions that need no more words."""
        return [self[kind.value] for kind in BARE]

    @property
    def steps(self) -> list[tuple[Any, Any, Any, Any]]:
        """The fields of each step."""
        return [
            (self[f"who_{step}"], self[f"all_{step}"], self[f"remind_{step}"], self[f"escalate_{step}"])
            for step in STEPS
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for step in STEPS:
            kinds = {value.partition(":")[0] for value in data.get(f"who_{step}", [])}
            if len(kinds) > 1 or (kinds & {"right", "manager"} and len(data[f"who_{step}"]) > 1):
                self.add_error(f"who_{step}", _("Choose one kind: everybody, the manager, roles, or people."))
        return data

    def draft(self) -> RuleDraft:
        """The answers as the action takes them; only after is_valid."""
        data = self.cleaned_data
        return RuleDraft(
            name=data["name"],
            code=data["code"],
            note=data["note"],
            conditions=self._conditions(),
            steps=[one for step in STEPS if (one := self._step(step)) is not None],
            applies_below=data["applies_below"],
            may_be_replaced=data["may_be_replaced"],
            replaces_above=data["replaces_above"],
            allows_own=data["allows_own"],
        )

    def _conditions(self) -> list[dict[str, Any]]:
        data = self.cleaned_data
        found: list[dict[str, Any]] = [
            {"kind": kind.value, "over": str(data[kind.value])}
            for kind in NUMBERS
            if data[kind.value] is not None
        ]
        for kind in LISTS:
            words = [word.strip() for word in data[kind.value].split(",") if word.strip()]
            if words:
                found.append({"kind": kind.value, "any_of": words})
        return [*found, *({"kind": kind.value} for kind in BARE if data[kind.value])]

    def _step(self, step: int) -> dict[str, Any] | None:
        data = self.cleaned_data
        chosen = [value.partition(":") for value in data[f"who_{step}"]]
        if not chosen:
            return None
        kind = chosen[0][0]
        found: dict[str, Any] = {
            "approvers": kind,
            "needs": "all" if data[f"all_{step}"] else "any",
            "remind_hours": data[f"remind_{step}"],
            "escalate_hours": data[f"escalate_{step}"],
        }
        if kind == "role":
            found["roles"] = [value for _kind, _colon, value in chosen]
        if kind == "person":
            found["people"] = [int(value) for _kind, _colon, value in chosen]
        return found


def rule_initial(rule: ApprovalRule) -> dict[str, Any]:
    """What the form shows of a version."""
    found: dict[str, Any] = {
        name: getattr(rule, name)
        for name in ("code", "name", "applies_below", "may_be_replaced", "replaces_above", "allows_own")
    }
    for one in rule.conditions:
        value = one.get("over") if "over" in one else ", ".join(one.get("any_of", []))
        found[one["kind"]] = value or True
    for number, step in enumerate(rule.steps, start=1):
        kind = step["approvers"]
        values = step.get("roles", []) if kind == "role" else step.get("people", [])
        found[f"who_{number}"] = [f"{kind}:{value}" for value in values] or [kind]
        found[f"all_{number}"] = step.get("needs") == "all"
        found[f"remind_{number}"] = step.get("remind_hours")
        found[f"escalate_{number}"] = step.get("escalate_hours")
    return found


class BudgetForm(forms.Form):
    """A budget of the acting company."""

    key = forms.IntegerField(required=False, widget=forms.HiddenInput)
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
        people = [("", _("everybody's")), *((user.pk, str(user)) for user in _members(scope))]
        centres = [("", _("all")), *((one.code, str(one)) for one in cost_centres_for(scope))]
        for name, choices in (("member", people), ("cost_centre", centres)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.choices = choices

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
        field.choices = [(user.pk, str(user)) for user in colleagues_of(scope)]

    def moments(self) -> tuple[datetime, datetime]:
        """From the first moment of the first day until the last one of the last, by the reader's clock."""
        zone = timezone.get_current_timezone()
        first, last = self.cleaned_data["starts_on"], self.cleaned_data["ends_on"]
        return (
            datetime.combine(first, time.min, tzinfo=zone),
            datetime.combine(last, time.max, tzinfo=zone),
        )
