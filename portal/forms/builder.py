"""The form of the quote builder: the head of a revision and its lines."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms.numbers import NumberField
from portal.templatetags.accord import typed, unit, unit_label
from quotes.drafts import LineDraft, QuoteDraft
from quotes.models import QuoteLine
from quotes.queries.quote_desk import DeskQuote

NUMBER = {"class": "ac-control n small", "inputmode": "decimal", "autocomplete": "off"}
DAY = {"type": "date", "class": "ac-control"}
PREFIX = "line"
NEW_LINES = 2
MOST_LINES = 500


class HeadForm(forms.Form):
    """What stands above and below the lines. version: of the quote that was opened."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    valid_until = forms.DateField(
        label=_("Valid through"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY)
    )
    requested_on = forms.DateField(
        label=_("Requested delivery"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY)
    )
    message = forms.CharField(
        label=_("Message to the buyer"),
        required=False,
        max_length=4000,
        help_text=_("Goes out with the revision, in the e-mail and on the page."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    internal_note = forms.CharField(
        label=_("Internal note"),
        required=False,
        max_length=4000,
        help_text=_("For the sales staff only."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LineForm(forms.Form):
    """One line. was: its position in the saved revision, empty for a new one."""

    was = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sku = forms.CharField(
        label=_("Product number"), max_length=60, widget=forms.TextInput(attrs={"class": "ac-control small"})
    )
    unit_key = forms.CharField(label=_("Unit"), required=False, max_length=30)
    quantity = NumberField(label=_("Quantity"), widget=forms.TextInput(attrs=NUMBER))
    unit_price = NumberField(label=_("Our price"), required=False, widget=forms.TextInput(attrs=NUMBER))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "ac-control small"}),
    )

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = {"class": "ac-control small"}
        widget = forms.Select(choices=units, attrs=attrs) if units else forms.TextInput(attrs=attrs)
        self.fields["unit_key"].widget = widget


class LineForms(forms.BaseFormSet):
    """The lines of a draft: the saved ones, and a few empty rows for new ones."""

    def __init__(self, *args: Any, units: Sequence[Sequence[tuple[str, str]]] = (), **kwargs: Any) -> None:
        self._units = units
        super().__init__(*args, **kwargs)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """The units that the product of a saved line is sold in."""
        known = self._units[index] if index is not None and index < len(self._units) else ()
        return {**super().get_form_kwargs(index), "units": known}

    def drafts(self, targets: Mapping[int, Decimal | None]) -> Iterator[LineDraft]:
        """The lines as typed, without the removed ones. Only after is_valid()."""
        for form in self.forms:
            data = form.cleaned_data
            if not data or data.get("DELETE"):
                continue
            yield LineDraft(
                sku=data["sku"].strip(),
                unit_key=data["unit_key"],
                quantity=data["quantity"],
                unit_price=data["unit_price"],
                target_price=targets.get(data["was"] or 0),
                note=data["note"],
            )


LineFormSet = cast(
    "type[LineForms]",
    forms.formset_factory(
        LineForm,
        formset=LineForms,
        extra=NEW_LINES,
        can_delete=True,
        max_num=MOST_LINES,
        absolute_max=MOST_LINES,
    ),
)


class Builder:
    """Head and lines of a draft, as saved or as typed."""

    def __init__(self, seen: DeskQuote, data: Any = None) -> None:
        self._seen = seen
        revision = seen.working.revision
        lines = [item.line for item in seen.lines]
        head = {
            name: getattr(revision, name)
            for name in ("valid_until", "requested_on", "message", "internal_note")
        }
        self.head = HeadForm(data, initial={"version": seen.quote.version, **head})
        self.lines = LineFormSet(
            data,
            prefix=PREFIX,
            initial=[_initial(line) for line in lines],
            units=[_units(line) for line in lines],
        )

    def is_valid(self) -> bool:
        """Whether everything typed can be read."""
        return all([self.head.is_valid(), self.lines.is_valid()])

    def draft(self) -> QuoteDraft:
        """What was typed, for the action. Only after is_valid()."""
        targets = {item.line.position: item.line.target_price for item in self._seen.lines}
        return QuoteDraft(lines=tuple(self.lines.drafts(targets)), **self.head.cleaned_data)

    def rows(self) -> list[tuple[Any, Any]]:
        """The forms of the saved lines, each with what the desk knows of the line."""
        known = {str(item.line.position): item for item in self._seen.lines}
        return [(form, known.get(str(form["was"].value()))) for form in self.lines.initial_forms]


def _initial(line: QuoteLine) -> dict[str, Any]:
    return {
        "was": line.position,
        "sku": line.sku,
        "unit_key": line.unit_key,
        "quantity": typed(line.quantity),
        "unit_price": typed(line.unit_price),
        "note": line.note,
    }


def _units(line: QuoteLine) -> list[tuple[str, str]]:
    found = [(item.key, unit_label(item)) for item in line.product.units.all()]
    if line.unit_key not in dict(found):
        found.insert(0, (line.unit_key, unit(line.unit_code)))
    return found
