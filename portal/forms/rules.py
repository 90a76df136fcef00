"""Approval rules as people enter them: what they ask for is chosen by name, what is stored are codes."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from accounts.seats import seats_of
from accounts.states import RIGHTS, Right, Role
from catalog.hits import exact_hits, search_products
from orders.actions.rules import RuleDraft
from orders.models import ApprovalRule
from orders.states import Condition
from portal.forms.reach import only_here
from portal.rule_names import choices_for

STEPS = (1, 2, 3)
NUMBERS = (Condition.AMOUNT, Condition.LINES)
CHOSEN = (Condition.CATEGORY, Condition.SHIP_TO, Condition.COST_CENTRE, Condition.REQUESTER)
TYPED = (Condition.PRODUCT, Condition.BRAND)
LISTS = (*CHOSEN, *TYPED)
BARE = (Condition.NEW_PRODUCT, Condition.BUDGET, Condition.ERP_HOLD)
HELP = {
    Condition.PRODUCT: _("Numbers or words that find one product each, separated by commas."),
    Condition.BRAND: _("Names of manufacturers or suppliers as products show them, separated by commas."),
}
FOUND = 6


class RuleForm(forms.Form):
    """A version of an approval rule: conditions that all must hold, and up to three steps."""

    code = forms.CharField(required=False, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)
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
        self.scope = scope
        only_here(self, "applies_below", scope)
        for kind in NUMBERS:
            self.fields[kind.value] = forms.DecimalField(
                label=kind.label, required=False, min_value=Decimal(0)
            )
        for kind, known in choices_for(scope).items():
            # What a version before names and is not offered here any more stays choosable.
            kept = [value for value in self.initial.get(kind.value, []) if value not in dict(known)]
            self.fields[kind.value] = forms.MultipleChoiceField(
                label=kind.label,
                required=False,
                choices=[*known, *((value, value) for value in kept)],
                widget=forms.SelectMultiple(attrs={"size": 4}),
                help_text="" if known else _("There is none to choose."),
            )
        for kind in TYPED:
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
            *(
                (f"role:{role.value}", _("Everybody in the role %(role)s") % {"role": role.label})
                for role in Role
                if Right.APPROVE in RIGHTS[role]
            ),
            *((f"person:{pk}", str(user)) for pk, user in people.items()),
        ]
        for step in STEPS:
            self.fields[f"who_{step}"] = forms.MultipleChoiceField(
                label=_("Step %(number)s: who") % {"number": step},
                choices=choices[1:],
                required=step == 1,
                widget=forms.SelectMultiple(attrs={"size": 4}),
            )
            self.fields[f"all_{step}"] = forms.BooleanField(label=_("All of them are needed"), required=False)
            self.fields[f"remind_{step}"] = forms.IntegerField(
                label=_("Reminded after hours"), required=False, min_value=1, initial=24
            )
            self.fields[f"escalate_{step}"] = forms.IntegerField(
                label=_("Escalated after hours"), required=False, min_value=1, initial=72
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

    def clean_product(self) -> list[str]:
        """The numbers of the products; words find one, or say which there are."""
        found, wrong = [], []
        for word in _words(self.cleaned_data["product"]):
            hits = search_products(self.scope, word)
            exact = exact_hits(hits)
            several = exact[:1] or list(hits.values_list("sku", flat=True)[: FOUND + 1])
            if len(several) == 1:
                found.append(several[0])
            elif not several:
                wrong.append(_("Nothing is found for “%(word)s”.") % {"word": word})
            else:
                more = " …" if len(several) > FOUND else ""
                names = ", ".join(several[:FOUND]) + more
                wrong.append(_("“%(word)s” finds several: %(names)s") % {"word": word, "names": names})
        if wrong:
            raise forms.ValidationError(wrong)
        return found

    def clean_brand(self) -> list[str]:
        """The names, each by itself."""
        return _words(self.cleaned_data["brand"])

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
            after=data["after"],
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
            if data[kind.value]:
                found.append({"kind": kind.value, "any_of": list(data[kind.value])})
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


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in text.replace("\n", ",").split(",") if word.strip()))


def rule_initial(rule: ApprovalRule) -> dict[str, Any]:
    """What the form shows of a version."""
    found: dict[str, Any] = {
        name: getattr(rule, name)
        for name in ("code", "name", "applies_below", "may_be_replaced", "replaces_above", "allows_own")
    }
    found["after"] = rule.version
    for one in rule.conditions:
        named = one.get("any_of", [])
        listed = named if one["kind"] in CHOSEN else ", ".join(named)
        found[one["kind"]] = one.get("over") or listed or True
    for number, step in enumerate(rule.steps, start=1):
        kind = step["approvers"]
        values = step.get("roles", []) if kind == "role" else step.get("people", [])
        found[f"who_{number}"] = [f"{kind}:{value}" for value in values] or [kind]
        found[f"all_{number}"] = step.get("needs") == "all"
        found[f"remind_{number}"] = step.get("remind_hours")
        found[f"escalate_{number}"] = step.get("escalate_hours")
    return found
