"""Numbers of our documents.

Gap policy: a number is drawn from a database sequence and is never given twice, under any
concurrency; one whose transaction is rolled back leaves a gap. These are not legal numbers: invoices
and credit notes carry the ERP's.
"""

from django.db import connection

PREFIXES = {"rfq": "R", "quote": "Q", "order": "SO", "case": "C"}


def next_number(kind: str) -> str:
    """The next number of a kind of document, such as "SO-100042".

    kind: a key of PREFIXES; anything else raises KeyError.
    """
    prefix = PREFIXES[kind]
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [f"core_number_{kind}"])
        return f"{prefix}-{cursor.fetchone()[0]}"
