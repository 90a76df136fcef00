"""Times as people type them: 30 s, 15 min, 2 h, 1 day; a number alone counts seconds."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

UNITS = (("day", 86400), ("h", 3600), ("min", 60), ("s", 1))
WORDS = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
PART = re.compile(r"(\d{1,9}(?:[.,]\d{1,3})?)\s*([a-z]*)")
WHOLE = re.compile(rf"(?:{PART.pattern}\s*)+")


class DurationField(forms.CharField):
    """Reads a time in words into whole seconds, and shows seconds in words; None for an empty one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, help_text=_("Such as 30 s, 15 min, 2 h or 1 day"), **options)

    def to_python(self, value: Any) -> int | None:  # type: ignore[override]
        """The seconds. Raises ValidationError for what is no time, or none in whole seconds."""
        text = str(value or "").strip().lower()
        if not text:
            return None
        if not WHOLE.fullmatch(text):
            raise forms.ValidationError(_("This is no time. Write one such as 30 s, 15 min, 2 h or 1 day."))
        parts = PART.findall(text)
        if any(word not in WORDS for _number, word in parts if word) or (
            len(parts) > 1 and not all(w for _n, w in parts)
        ):
            raise forms.ValidationError(_("This is no time. Write one such as 30 s, 15 min, 2 h or 1 day."))
        seconds = sum(Decimal(number.replace(",", ".")) * WORDS[word or "s"] for number, word in parts)
        if seconds != int(seconds):
            raise forms.ValidationError(_("Write whole seconds."))
        return int(seconds)

    def prepare_value(self, value: Any) -> Any:
        """Seconds as people read them; what was typed stays as it was."""
        return in_words(value) if isinstance(value, int) else value


def in_words(seconds: int | None) -> str:
    """Seconds as "1 h 30 min", which `DurationField` reads again; "" for none."""
    if seconds is None:
        return ""
    left, parts = seconds, []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}")
    return " ".join(parts) or "0 s"
