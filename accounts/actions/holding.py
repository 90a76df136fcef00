"""Holds what somebody may do still, and the company that it is done for, while it is being done.

Locks are taken in one order: companies by their keys, cart or quote, person, places, orders by their keys, credit,
budgets by their keys, stock. A merge of two customers (integrations.actions.merging) moves nearly all of that; it takes
the companies first and for itself alone, and of all that follows only what it gets at once, so it is in no circle.
"""

from django.db import connection

HELD = """
    WITH company AS MATERIALIZED (SELECT id FROM accounts_company WHERE id = %s FOR KEY SHARE),
    person AS MATERIALIZED (
        SELECT id FROM accounts_user WHERE id = %s AND (SELECT count(*) FROM company) >= 0 FOR SHARE
    ),
    places AS MATERIALIZED (
        SELECT id FROM accounts_membership WHERE user_id = (SELECT id FROM person) ORDER BY id FOR SHARE
    )
    SELECT count(*) FROM places
"""


def hold_access(user_id: int | None, company_id: int | None = None) -> None:
    """Let nobody end or change what a person may do until this transaction is over; wait for whoever is at it.

    What is looked up afterwards is what counts: an order is placed wholly before an end of access, or refused
    after it. Two who hold do not wait for each other. Person first, then places, as everybody who ends them.
    company_id: the company that something is made for, which becomes no other one until then (ACC-13).
    Source: ACC-07, failure bank 21.
    """
    if user_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(HELD, [company_id, user_id])
