"""Writes of the times in which other systems rest (INT-47)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import InvalidValue
from integrations.models import SystemWindow
from integrations.rest import note_rests


@transaction.atomic
def keep_window(window: SystemWindow) -> SystemWindow:
    """Keep a new or changed time of rest; what waits follows at once. Raises InvalidValue."""
    check_window(window)
    window.save()
    note_rests(timezone.now())
    return window


def check_window(window: SystemWindow) -> None:
    """Refuse a time of rest that is neither weekly nor once, or both, or none at all."""
    is_weekly = window.starts is not None and window.ends is not None and bool(window.weekdays)
    is_once = window.from_at is not None and window.until_at is not None
    has_both = is_weekly and (window.from_at or window.until_at) or is_once and (window.starts or window.ends)
    if is_weekly == is_once or has_both:
        raise InvalidValue(_("Say either weekdays with two times, or two moments."), field="weekdays")
    if any(day not in range(7) for day in window.weekdays):
        raise InvalidValue(_("Weekdays are numbers from 0, Monday, to 6, Sunday."), field="weekdays")
    if window.from_at and window.until_at and window.until_at <= window.from_at:
        raise InvalidValue(_("It ends before it begins."), field="until_at")
