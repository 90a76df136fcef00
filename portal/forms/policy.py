"""The table of what is done when the ERP disagrees or does not answer, as a form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.actions.policy import PolicyDraft
from orders.queries.live import policy_in_force
from orders.rules.live import CHOICES, cell


class PolicyForm(forms.Form):
    """A draft of the next version: a rule for each case, a bound of credit, and why."""

    cached_credit_amount = forms.DecimalField(
        label=_("Last known credit counts up to"),
        min_value=0,
        max_digits=18,
        decimal_places=4,
        required=False,
        help_text=_(
            "With tax, of all orders that the ERP has not counted. Empty: the rules for credit alone decide."
        ),
    )
    note = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = policy_in_force().rules
        for (kind, situation), rules in CHOICES.items():
            self.fields[cell(kind, situation)] = forms.ChoiceField(
                label=f"{kind.label}: {situation.label}",
                choices=[(rule.value, rule.label) for rule in rules],
                initial=now.get(cell(kind, situation)),
            )

    @property
    def cells(self) -> list[forms.BoundField]:
        """The fields of the table, in its order."""
        return [self[cell(*key)] for key in CHOICES]

    def draft(self) -> PolicyDraft:
        """What was typed, for the action. Only after is_valid()."""
        data = self.cleaned_data
        rules = {cell(*key): data[cell(*key)] for key in CHOICES}
        return PolicyDraft(rules, data["note"], data["cached_credit_amount"])
