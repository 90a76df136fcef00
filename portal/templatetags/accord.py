"""How amounts, quantities, units and times are written for the person who reads the page.

Every filter follows the active language; none rounds an amount that is stored rounded, none
queries. Unknown is an en dash and never a zero.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, get_currency_precision, parse_pattern
from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext, to_locale

from core import amounts
from portal.tones import tone_of

register = template.Library()

UNKNOWN = "–"
TYPED = parse_pattern("0.######")
WEEK = 6  # days back in which a weekday alone is unambiguous

# UN/ECE Recommendation 20 codes and the Recommendation 21 packages, as buyers call them.
UNIT_NAMES = {
    "C62": lambda count: gettext("pc"),
    "H87": lambda count: gettext("pc"),
    "EA": lambda count: gettext("pc"),
    "HUR": lambda count: gettext("h"),
    "DAY": lambda count: ngettext("day", "days", count),
    "KGM": lambda count: gettext("kg"),
    "GRM": lambda count: gettext("g"),
    "TNE": lambda count: gettext("t"),
    "MTR": lambda count: gettext("m"),
    "CMT": lambda count: gettext("cm"),
    "MMT": lambda count: gettext("mm"),
    "MTK": lambda count: gettext("m²"),
    "MTQ": lambda count: gettext("m³"),
    "LTR": lambda count: gettext("l"),
    "PR": lambda count: ngettext("pair", "pairs", count),
    "SET": lambda count: ngettext("set", "sets", count),
    "RO": lambda count: ngettext("roll", "rolls", count),
    "XBG": lambda count: ngettext("bag", "bags", count),
    "XBX": lambda count: ngettext("box", "boxes", count),
    "XCT": lambda count: ngettext("carton", "cartons", count),
    "XPK": lambda count: ngettext("pack", "packs", count),
    "XPX": lambda count: ngettext("pallet", "pallets", count),
    "XRO": lambda count: ngettext("roll", "rolls", count),
}


@register.simple_tag(takes_context=True)
def acting_company(context: template.Context) -> str:
    """The hidden field that says for which company a form was shown; a stale tab is refused by it."""
    scope = context.get("scope")
    number = scope.mark if scope else ""
    return format_html('<input type="hidden" name="acting_company" value="{}">', number)


@register.filter
def money(value: Any, currency: str = "") -> str:
    """Write an amount with its currency before it: `EUR 1,240.00`.

    value: a Decimal with `currency` given, or a Money that carries its own.
    """
    number, code = _parts(value, currency)
    if number is None or amounts.are_hidden():
        return amount(number, code)
    return f"{code} {amount(number, code)}".strip()


@register.filter
def amount(value: Any, currency: str = "EUR") -> str:
    """Write an amount alone, where the column's header or the sentence names the currency."""
    number, code = _parts(value, currency)
    if number is None:
        return UNKNOWN
    if amounts.are_hidden():
        return gettext("not shown")
    digits = get_currency_precision(code) if code else 2
    return _decimal(number, digits, digits)


@register.filter
def signed(value: Any, currency: str = "EUR") -> str:
    """Write a difference of amounts with its sign: `+732.00`, `−15.00`, `0.00`."""
    number, code = _parts(value, currency)
    written = amount(number, code)
    return f"+{written}" if number is not None and number > 0 and not amounts.are_hidden() else written


@register.filter
def unit_price(value: Any) -> str:
    """Write a price per unit with four decimals: `0.5480`; below one, up to six where it has more."""
    if value is None or value == "":
        return UNKNOWN
    if amounts.are_hidden():
        return gettext("not shown")
    number = Decimal(value)
    return _decimal(number, 4, 6 if abs(number) < 1 else 4)


@register.filter
def pack_price(value: Any) -> str:
    """Write the price of a package: two decimals where they say it all, else as unit_price does."""
    if value is None or value == "":
        return UNKNOWN
    price = Decimal(value)
    if amounts.are_hidden():
        return unit_price(price)
    return _decimal(price, 2, 2) if price >= 1 and price * 100 % 1 == 0 else unit_price(price)


@register.filter
def qty(value: Any) -> str:
    """Write a quantity with no more decimals than it has: `1,200`, `2.5`."""
    return UNKNOWN if value is None or value == "" else _decimal(Decimal(value), 0, 6)


@register.filter
def typed(value: Any) -> str:
    """Write a number as a person would type it into a field: by the locale, without grouping."""
    if value is None or value == "":
        return ""
    written: str = TYPED.apply(Decimal(value), _locale(), decimal_quantization=True, group_separator=False)
    return written


@register.filter
def unit_label(packed: Any) -> str:
    """Name a unit of a product with its content, as a choice shows it: `pc`, `box of 200`."""
    name = unit(packed.code)
    content = Decimal(packed.numerator) / Decimal(packed.denominator)
    if content == 1:
        return name
    return gettext("%(unit)s of %(content)s") % {"unit": name, "content": qty(content)}


@register.filter
def in_unit(quantity: Any, packed: Any) -> str:
    """Write a quantity in a unit of a product: `500 pc`, `2 boxes of 200`."""
    name = unit(packed.code, quantity)
    content = Decimal(packed.numerator) / Decimal(packed.denominator)
    if content == 1:
        return f"{qty(quantity)} {name}"
    words = {"quantity": qty(quantity), "unit": name, "content": qty(content)}
    return gettext("%(quantity)s %(unit)s of %(content)s") % words


@register.filter
def percent(value: Any) -> str:
    """Write a percentage with one decimal, without rounding it to a whole: `18.9 %`."""
    return UNKNOWN if value is None or value == "" else f"{_decimal(Decimal(value), 1, 1)} %"


@register.filter
def if_shown(value: Any) -> Any:
    """Give what is part of an amount, such as by how much a price changed, where amounts are shown; else None."""
    return None if amounts.are_hidden() else value


@register.filter
def rate(value: Any) -> str:
    """Write a rate of tax as it is, without zeros that say nothing: `20 %`, `7.7 %`."""
    return UNKNOWN if value is None or value == "" else f"{qty(value)} %"


@register.filter
def unit(code: str, quantity: Any = 1) -> str:
    """Name a unit of measure as buyers say it, in the number that `quantity` asks for.

    An unknown code is shown as it is: better a code than a wrong word.
    """
    name = UNIT_NAMES.get(code)
    return name(_count(quantity)) if name else str(code or UNKNOWN)


@register.filter
def when(moment: datetime | None) -> str:
    """Write a moment by its distance: `today 14:18`, `Thu 15:40`, `17 Nov`, `17 Nov 2025`."""
    if not moment:
        return UNKNOWN
    local, today = _local(moment), timezone.localdate()
    days = (today - local.date()).days
    if days == 0:
        return gettext("today %(time)s") % {"time": _pattern(local, "HH:mm")}
    if 0 < days <= WEEK:
        return _pattern(local, "EEE HH:mm")
    if days < 0:
        return f"{on(local.date())} {_pattern(local, 'HH:mm')}"
    return _date(local.date(), _day_pattern())


@register.filter
def at(moment: datetime | None) -> str:
    """Write a moment with its hour whatever its distance: `Mon 16 Nov 10:31`, `today 14:18`."""
    if not moment:
        return UNKNOWN
    local = _local(moment)
    if local.date() == timezone.localdate():
        return when(moment)
    return f"{on(local.date())} {_pattern(local, 'HH:mm')}"


@register.filter
def clock(moment: datetime | None) -> str:
    """Write the age mark of a figure: the hour alone today, else as `when` does: `14:18`."""
    if not moment:
        return UNKNOWN
    local = _local(moment)
    return _pattern(local, "HH:mm") if local.date() == timezone.localdate() else when(moment)


@register.filter
def on(day: date | datetime | None) -> str:
    """Write a date: `today`, `Wed 2 Dec`, with the year only where it differs from this one."""
    if day is None or day == "":
        return UNKNOWN
    plain = _local(day).date() if isinstance(day, datetime) else day
    if plain == timezone.localdate():
        return gettext("today")
    return _date(plain, "EEE " + _day_pattern())


@register.filter
def age(moment: datetime | None) -> str:
    """Write how long ago something was, in two units at most: `1 h 52 min`, `3 d 4 h`."""
    if not moment:
        return UNKNOWN
    return span(timezone.now() - moment)


@register.filter
def span(length: timedelta | None) -> str:
    """Write a length of time in two units at most: `48 min`, `1 h 52 min`, `3 d 4 h`."""
    if not isinstance(length, timedelta):
        return UNKNOWN
    minutes = max(int(length.total_seconds()), 0) // 60
    days, hours, left = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        pieces = [(days, gettext("d")), (hours, gettext("h"))]
    elif hours:
        pieces = [(hours, gettext("h")), (left, gettext("min"))]
    else:
        return f"{minutes} {gettext('min')}" if minutes else gettext("under 1 min")
    return " ".join(f"{number} {word}" for number, word in pieces if number)


@register.filter
def pace(length: timedelta | None) -> str:
    """Write how often something comes, in seconds below a minute: `5 s`, `10 min`, `6 h`."""
    if isinstance(length, timedelta) and length < timedelta(minutes=1):
        return f"{int(length.total_seconds())} {gettext('s')}"
    return span(length)


@register.filter
def is_past(moment: datetime | None, limit: timedelta | int | None) -> bool:
    """Tell whether a figure is older than its limit (a timedelta, or minutes).

    Without a moment nothing was ever read, which is older than any limit; without a limit
    nothing is stale.
    """
    if limit is None or limit == "":
        return False
    if not moment:
        return True
    length = limit if isinstance(limit, timedelta) else timedelta(minutes=int(limit))
    return timezone.now() - moment > length


@register.filter
def initials(name: Any) -> str:
    """Give the one or two letters that stand for a person: first and last word."""
    words = str(name or "").replace("@", " ").split()
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper() or "?"


@register.filter
def tone(status: Any, kind: str) -> str:
    """Give the badge tone of a status; kind: whose status it is, a key of portal.tones.TONES."""
    return tone_of(kind, str(status))


@register.filter
def share(part: Any, whole: Any) -> str:
    """Give a part of a whole as 0 … 100 for the width of a meter, in the form SVG reads."""
    if not whole or part is None:
        return "0"
    ratio = Decimal(part) / Decimal(whole) * 100
    return f"{min(max(ratio, Decimal(0)), Decimal(100)):.1f}"


def _parts(value: Any, currency: str) -> tuple[Decimal | None, str]:
    if value is None or value == "":
        return None, currency
    if hasattr(value, "amount") and hasattr(value, "currency"):
        return Decimal(value.amount), str(value.currency)
    return Decimal(value), currency


def _count(quantity: Any) -> int:
    number = Decimal(quantity or 0)
    return 1 if number == 1 else 2


def _locale() -> Locale:
    return _locale_of(get_language() or "en")


@cache
def _locale_of(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _decimal(number: Decimal, least: int, most: int) -> str:
    written: str = _digits(least, most).apply(number, _locale(), decimal_quantization=True)
    return written.replace("-", "−") if number < 0 else written


@cache
def _digits(least: int, most: int) -> NumberPattern:
    fraction = "0" * least + "#" * (most - least)
    return parse_pattern("#,##0" + (f".{fraction}" if fraction else ""))


def _local(moment: datetime) -> datetime:
    aware = moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)
    return timezone.localtime(aware)


def _day_pattern() -> str:
    return "d. MMM" if _locale().language == "de" else "d MMM"


def _date(day: date, pattern: str) -> str:
    full = pattern if day.year == timezone.localdate().year else f"{pattern} y"
    return _written_date(day, full, _locale())


def _pattern(moment: datetime, pattern: str) -> str:
    # The moment is already in the reader's zone, and babel would move it to UTC.
    return _written_time(moment.replace(tzinfo=None), pattern, _locale())


# The rows of a list have the same few moments.
@lru_cache(maxsize=1024)
def _written_date(day: date, pattern: str, locale: Locale) -> str:
    return format_date(day, format=pattern, locale=locale)


@lru_cache(maxsize=1024)
def _written_time(moment: datetime, pattern: str, locale: Locale) -> str:
    return format_datetime(moment, format=pattern, locale=locale)
