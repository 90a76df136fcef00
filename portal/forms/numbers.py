"""Numbers as people type them, by the reader's locale; doubtful ones are refused, never guessed."""

from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _


def parse_number(text: str) -> Decimal:
    """A typed number: "1,200.5" or "1200.5" in English, "1.200,5" in German.

    Raises ValueError for what could be read in two ways ("9,99" in English) and for what is none.
    """
    if not text or "e" in text.lower():
        raise ValueError(text)
    try:
        number = parse_decimal(text, locale=to_locale(get_language() or "en"), strict=True)
    except NumberFormatError as error:
        raise ValueError(text) from error
    if not number.is_finite():
        raise ValueError(text)
    return number


class NumberField(forms.DecimalField):
    """A number typed by the reader's locale."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        told = {"required": _("Type a number, such as 200.")}
        options.setdefault("max_digits", 18)
        options.setdefault("decimal_places", 6)
        super().__init__(error_messages={**told, **options.pop("error_messages", {})}, **options)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # as DecimalField does
        """The typed text as a number; None for nothing."""
        if value in self.empty_values:
            return None
        try:
            return parse_number(str(value).strip())
        except ValueError:
            raise ValidationError(self._form_of_numbers(), code="invalid") from None

    def _form_of_numbers(self) -> str:
        """How a number is typed in the reader's language."""
        shown = format_decimal(Decimal("2000.5"), "#,##0.00", locale=to_locale(get_language() or "en"))
        return _("Type a number, such as 200 or %(shown)s.") % {"shown": shown}


def whole_number(text: str | None) -> int:
    """A number that a hidden field carries; 0, which nothing has, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
