"""How a flow is set, as people type it: times in words, waves by their values, words line by line."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.criteria import CRITERIA
from integrations.effective import Effective, values_of
from integrations.models import FlowSettings
from integrations.states import FlowMode
from integrations.words import KINDS
from portal.forms.durations import DurationField, in_words

TIMES = ("every_seconds", "limit_seconds", "full_every_seconds", "escalate_after_seconds")


class FlowSettingsForm(forms.Form):
    """The settings of one flow; an empty field means what the flow says by itself.

    Waves are `rollout_<criterion>`, values with commas between; words are `words_<kind>`, a line each:
    theirs = ours. Only those that the flow knows are there.
    """

    mode = forms.ChoiceField(label=_("Mode"), choices=FlowMode.choices)
    every_seconds = DurationField(label=_("Looks every"))
    limit_seconds = DurationField(label=_("Limit of its age"))
    full_every_seconds = DurationField(label=_("Compares all every"))
    tolerance = forms.CharField(
        label=_("Tolerance"), required=False, help_text=_("all_or_nothing, any, 5 rows or 0.5 %")
    )
    most_gone = forms.CharField(
        label=_("May end at once"),
        required=False,
        help_text=_("Of what we have, by one reading of everything: any, 20 rows or 50 %"),
    )
    steward = forms.CharField(label=_("Responsible, by mail"), required=False)
    escalate_to = forms.CharField(label=_("Then, by mail"), required=False)
    escalate_after_seconds = DurationField(label=_("Then after"))

    def __init__(self, set_to: Effective, row: FlowSettings | None, data: Any = None) -> None:
        super().__init__(data, initial=_initial(values_of(row)))
        flow = set_to.flow
        own = {
            "every_seconds": flow.every,
            "limit_seconds": flow.limit,
            "full_every_seconds": flow.full_every,
            "escalate_after_seconds": flow.escalation.second,
        }
        for name, time in own.items():
            self.fields[name].widget.attrs["placeholder"] = (
                in_words(int(time.total_seconds())) if time else ""
            )
        self.fields["tolerance"].widget.attrs["placeholder"] = str(flow.tolerance)
        self.fields["most_gone"].widget.attrs["placeholder"] = str(flow.most_gone)
        self.fields["steward"].widget.attrs["placeholder"] = flow.steward
        self.fields["escalate_to"].widget.attrs["placeholder"] = flow.escalation.then
        if not flow.is_fed:
            for name in ("every_seconds", "full_every_seconds", "tolerance", "most_gone"):
                del self.fields[name]
        self._add_waves(flow.criteria)
        self._add_words(flow.words)
        self.fields["note"] = forms.CharField(
            label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}), max_length=300
        )

    def _add_waves(self, criteria: tuple[str, ...]) -> None:
        for key in criteria:
            self.fields[f"rollout_{key}"] = forms.CharField(
                label=_("Live for: %(what)s") % {"what": str(CRITERIA[key].label).lower()},
                required=False,
                help_text=_("Commas between; with all that is below. Empty: everybody."),
            )

    def _add_words(self, kinds: tuple[str, ...]) -> None:
        for kind in kinds:
            self.fields[f"words_{kind}"] = forms.CharField(
                label=str(KINDS[kind].label),
                required=False,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text=_("A line each: theirs = ours"),
            )

    def clean(self) -> dict[str, Any]:
        """Bring waves and words into the form in which a version keeps them."""
        cleaned = super().clean() or {}
        cleaned["rollout"] = {
            name.removeprefix("rollout_"): values
            for name in self.fields
            if name.startswith("rollout_") and (values := _values(cleaned.get(name, "")))
        }
        cleaned["mapping"] = {
            name.removeprefix("words_"): words
            for name in self.fields
            if name.startswith("words_") and (words := self._words(name, cleaned.get(name, "")))
        }
        return cleaned

    def _words(self, name: str, text: str) -> dict[str, str]:
        words = {}
        for line in filter(str.strip, text.splitlines()):
            theirs, sign, ours = (part.strip() for part in line.rpartition("="))
            if not (theirs and sign and ours):
                self.add_error(name, _("“%(line)s” is not of the form theirs = ours.") % {"line": line})
                continue
            words[theirs] = ours
        return words

    def changes(self) -> dict[str, Any]:
        """What is set, by field of FlowSettings; valid forms only."""
        kept = {name: self.cleaned_data.get(name) for name in ("mode", *TIMES) if name in self.fields}
        texts = ("tolerance", "most_gone", "steward", "escalate_to")
        kept |= {name: self.cleaned_data.get(name, "").strip() for name in texts if name in self.fields}
        return {**kept, "rollout": self.cleaned_data["rollout"], "mapping": self.cleaned_data["mapping"]}


def _values(text: str) -> list[str]:
    return [value.strip() for value in text.split(",") if value.strip()]


def _initial(values: dict[str, Any]) -> dict[str, Any]:
    waves = {f"rollout_{key}": ", ".join(found) for key, found in values["rollout"].items()}
    words = {
        f"words_{kind}": "\n".join(f"{theirs} = {ours}" for theirs, ours in pairs.items())
        for kind, pairs in values["mapping"].items()
    }
    return {**values, **waves, **words}
