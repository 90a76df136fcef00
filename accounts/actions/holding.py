"""Holds what somebody may do still, while it is being done."""

from django.db import connection

HELD = """
    WITH person AS MATERIALIZED (SELECT id FROM accounts_user WHERE id = %s FOR SHARE),
    places AS MATERIALIZED (
        SELECT id FROM accounts_membership WHERE user_id = (SELECT id FROM person) ORDER BY id FOR SHARE
    )
    SELECT count(*) FROM places
"""


def hold_access(user_id: int | None) -> None:
    """Let nobody end or change what a person may do until this transaction is over; wait for whoever is at it.

    What is looked up afterwards is what counts: an order is placed wholly before an end of access, or refused
    after it. Two who hold do not wait for each other. Person first, then places, as everybody who ends them.
    Source: ACC-07, failure bank 21.
    """
    if user_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(HELD, [user_id])
