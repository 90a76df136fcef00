"""The form that opens a quote nobody asked for: for whom, and the first lines as text."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.forms.numbers import parse_number
from quotes.drafts import LineDraft

MOST_LINES = 200


class NewQuoteForm(forms.Form):
    """Who reads the quote, and a product number, a quantity and, if need be, a unit on each line."""

    contact = forms.ChoiceField(label=_("Buyer"))
    lines = forms.CharField(
        label=_("Products"),
        help_text=_("One a line: number, quantity and, for a package, its unit. Can be pasted from a sheet."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, buyers: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buyers = {user.email: user for user in buyers}
        choices = [(email, f"{user} · {email}") for email, user in self._buyers.items()]
        self.fields["contact"].choices = choices  # type: ignore[attr-defined]

    @property
    def buyer(self) -> User:
        """Who was chosen. Only after is_valid()."""
        return self._buyers[self.cleaned_data["contact"]]

    def clean_lines(self) -> list[LineDraft]:
        """The lines as drafts; one that cannot be read is named by its number."""
        rows = [row.split() for row in self.cleaned_data["lines"].splitlines() if row.strip()]
        if len(rows) > MOST_LINES:
            raise ValidationError(_("At most %(most)s lines at once.") % {"most": MOST_LINES})
        return [_line(number, words) for number, words in enumerate(rows, start=1)]


def _line(number: int, words: list[str]) -> LineDraft:
    try:
        sku, quantity, *unit = words
        return LineDraft(sku=sku, quantity=parse_number(quantity), unit_key=" ".join(unit))
    except ValueError:
        raise ValidationError(
            _("Line %(number)s: write a product number and a quantity, such as “4762-M8X30-88Z 200”.")
            % {"number": number}
        ) from None
