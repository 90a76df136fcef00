"""Amounts and days as the reader of a mail writes them."""

from datetime import date
from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from django.utils.translation import get_language, gettext, to_locale

from core import amounts


def amount_in_words(amount: Decimal, currency: str) -> str:
    """An amount with its currency code before it: `EUR 1,240.00`; words instead for who may not see it."""
    if amounts.are_hidden():
        return gettext("(amount not shown)")
    return format_currency(amount, currency, format="¤¤ #,##0.00", locale=_locale()).replace("\xa0", " ")


def day_in_words(day: date) -> str:
    """A day in full: `2 December 2026`; English without a country is that of the world, not of the USA."""
    locale = _locale()
    return format_date(day, format="long", locale="en_001" if str(locale) == "en" else locale)


def _locale() -> Locale:
    try:
        return Locale.parse(to_locale(get_language() or "en"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
