"""Periods of the calendar, for what is counted per day, week, month, quarter or year."""

from datetime import date, timedelta


def start_of(period: str, on: date) -> date:
    """The first day of the period that a day lies in. period: day, week, month, quarter or year."""
    if period == "day":
        return on
    if period == "week":
        return on - timedelta(days=on.weekday())
    month = {"month": on.month, "quarter": 3 * ((on.month - 1) // 3) + 1, "year": 1}[period]
    return on.replace(month=month, day=1)


def start_of_next(period: str, on: date) -> date:
    """The first day after the period that a day lies in."""
    begin = start_of(period, on)
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[period]
    return start_of(period, begin + timedelta(days=longest))
