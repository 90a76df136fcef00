"""Writes about how fast a system is asked: one bucket of tokens that all workers share (INT-23)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# What is in the bucket now, by the database's clock, which all workers share.
TOKENS = """(CASE WHEN rate_per_second IS NULL THEN NULL WHEN tokens_at IS NULL THEN burst
    ELSE LEAST(burst, tokens + GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - tokens_at)) * rate_per_second)
    END)::float"""

MAY_ASK = "(rate_per_second IS NOT NULL AND (rest_until IS NULL OR rest_until <= now()))"


def open_gate(key: str, now: datetime) -> float | None:
    """Lock a system's row for a claim; tell how many calls may be made now, None for any number.

    0 while it is paused, rests, or is not known yet. Belongs into the claim's transaction: the lock makes
    claims of one system follow each other, and what they see is what the last one left.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {TOKENS} FROM integrations_system
                WHERE key = %s AND down_since IS NULL AND (rest_until IS NULL OR rest_until <= %s)
                FOR NO KEY UPDATE""",  # noqa: S608 -- made of constants
            [key, now],
        )
        row = cursor.fetchone()
    return row[0] if row else 0.0


def pay_tokens(key: str, calls: int) -> None:
    """Take the tokens of calls that the gate let through, in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE integrations_system SET tokens = {TOKENS} - %s, tokens_at = clock_timestamp() WHERE key = %s",  # noqa: S608
            [calls, key],
        )


def return_tokens(key: str, calls: int) -> None:
    """Give back the tokens of calls that were paid and never made; nothing where there is no limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_system SET tokens = LEAST(tokens + %s, burst) "
            "WHERE key = %s AND rate_per_second IS NOT NULL",
            [calls, key],
        )


@dataclass(frozen=True)
class Turn:
    """When the next call of a system may be made. has_token: whether one was taken for it."""

    wait_seconds: float
    has_token: bool


def take_turn(key: str) -> Turn | None:
    """Take the token of one call, in one statement; None when the system has no limit and does not rest.

    Those who come when no token is left queue up: the bucket goes below zero, and each waits until his
    will have come. While the system rests none is taken, and its end is what there is to wait for.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE integrations_system SET
                    tokens = CASE WHEN {MAY_ASK} THEN {TOKENS} - 1 ELSE tokens END,
                    tokens_at = CASE WHEN {MAY_ASK} THEN clock_timestamp() ELSE tokens_at END
                WHERE key = %s AND (rate_per_second IS NOT NULL OR rest_until > now())
                RETURNING GREATEST(0, CASE WHEN {MAY_ASK} THEN -tokens / rate_per_second
                    ELSE EXTRACT(EPOCH FROM rest_until - now()) END)::float, {MAY_ASK}""",  # noqa: S608
            [key],
        )
        row = cursor.fetchone()
    return Turn(*row) if row else None


def give_turn_back(key: str) -> None:
    """Return the token of a call that was not made after all."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE integrations_system SET tokens = LEAST(burst, {TOKENS} + 1), tokens_at = clock_timestamp()
                WHERE key = %s AND rate_per_second IS NOT NULL""",  # noqa: S608 -- made of constants
            [key],
        )
