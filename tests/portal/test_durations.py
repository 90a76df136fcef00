"""Times in forms: typed and shown as people say them, kept in seconds."""

import pytest
from django.forms import ValidationError

from portal.forms.durations import DurationField, in_words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 s", 30), ("90", 90), ("15 min", 900), ("15min", 900), ("2 h", 7200), ("1 h 30 min", 5400),
        ("1.5 h", 5400), ("1,5 h", 5400), ("1 day", 86400), ("2 days", 172800), (" 20 Minutes ", 1200), ("", None),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_type_it(text, seconds):
    assert DurationField().clean(text) == seconds


@pytest.mark.parametrize(
    "text", ["soon", "15 weeks", "min", "-5 min", "1 h 30", "0.5 s", "5 min ago", "1:30"]
)
def test_what_is_no_time_in_whole_seconds_is_refused(text):
    with pytest.raises(ValidationError):
        DurationField().clean(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 s"), (90, "1 min 30 s"), (900, "15 min"), (5400, "1 h 30 min"), (86400, "1 day"), (0, "0 s")],
)
def test_what_is_shown_is_read_again(seconds, words):
    assert in_words(seconds) == words
    assert DurationField().clean(words) == seconds
