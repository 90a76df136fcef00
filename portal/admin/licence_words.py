"""What a customer holds of a licence that a restriction asks for, in words for the staff."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Licence
from portal.templatetags.accord import on as day


def held_words(kind_id: int | None, licences: Iterable[Licence], today: date) -> list[tuple[str, str]]:
    """Pairs of tone and words: the licence that counts on a day, else why none does; empty for no kind.

    licences: of the company and those above it, of any kind.
    """
    if kind_id is None:
        return []
    own = [one for one in licences if one.kind_id == kind_id]
    if not own:
        return [("bad", _("The customer has none."))]
    told = [_told(one, today) for one in own]
    return [pair for pair in told if pair[0] == "good"] or told


def _told(one: Licence, today: date) -> tuple[str, str]:
    words: dict[str, Any] = {"number": one.number}
    if one.is_withdrawn:
        return "bad", _("%(number)s was withdrawn.") % words
    if one.valid_from and one.valid_from > today:
        return "warn", _("%(number)s counts from %(day)s.") % {**words, "day": day(one.valid_from)}
    if one.valid_until is None:
        return "good", _("%(number)s counts, without an end.") % words
    words["day"] = day(one.valid_until - timedelta(days=1))
    if one.valid_until <= today:
        return "bad", _("%(number)s expired: it was valid through %(day)s.") % words
    return "good", _("%(number)s counts, through %(day)s.") % words
