"""What a customer holds of a licence that a restriction asks for, in words for the staff."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Licence
from portal.templatetags.accord import on as day

# So many days before its end somebody should ask for the next one.
SOON = timedelta(days=60)
LICENCE_TONES = {
    "counts": "ok",
    "ending": "warning",
    "to_come": "info",
    "expired": "danger",
    "withdrawn": "danger",
}


def licence_standing(licence: Licence, today: date) -> tuple[str, str]:
    """Whether a licence counts on a day, and if not, why: a key of LICENCE_TONES and words."""
    if licence.is_withdrawn:
        return "withdrawn", _("Withdrawn")
    if licence.valid_from and licence.valid_from > today:
        return "to_come", _("Not yet")
    if licence.valid_until is None or licence.valid_until > today + SOON:
        return "counts", _("Yes")
    if licence.valid_until <= today:
        return "expired", _("Expired")
    days = (licence.valid_until - today).days
    return "ending", ngettext("1 day left", "%(days)s days left", days) % {"days": days}


def licences_in(rows: QuerySet[Licence], key: str, today: date) -> QuerySet[Licence]:
    """Those of the licences that count on a day, end soon, or are expired or withdrawn; all for no key."""
    over = Q(is_withdrawn=True) | Q(valid_until__lte=today)
    if key == "expired":
        return rows.filter(over)
    if key == "counts":
        return rows.exclude(over).filter(Q(valid_from=None) | Q(valid_from__lte=today))
    return rows.exclude(over).filter(valid_until__lte=today + SOON) if key == "ending" else rows


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
