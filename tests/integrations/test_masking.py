"""Texts of other systems are kept short and without the values they echo (X-23)."""

import pytest

from integrations.masking import LENGTH, masked


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ('The party "Kessler AG" will exceed their €1600.00 limit by €18.24.', ["Kessler", "1600", "18.24"]),
        ("Bad value 'secret' for field", ["secret"]),
        ("mail to anna.berg@acme.example failed", ["anna", "acme"]),
        ("Session cG9ydGFsOjQ6ZDIzMzlhYWM= expired", ["cG9ydGFs"]),
        ("token=abc123def and password: hunter2", ["abc123def", "hunter2"]),
        ("id d2339aac02c4d2339aac02c4 unknown", ["d2339aac02c4"]),
        ("http://portal:geheim@erp.example/", ["geheim"]),
    ],
)
def test_values_are_masked(text, secrets):
    result = masked(text)

    assert not [secret for secret in secrets if secret in result]
    assert "•••" in result


def test_what_went_wrong_stays_readable():
    assert masked("Somebody changed the record\n at the same time.") == (
        "Somebody changed the record at the same time."
    )


def test_a_long_text_is_cut():
    assert len(masked("x " * 5000)) == LENGTH
