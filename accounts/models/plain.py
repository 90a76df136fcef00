"""What is compared to find double customers, computed by the database, so that an index holds it (ACC-13).

The functions come with a migration and say the same as those of `accounts.duplicates`, NULL for what is empty.
"""

from django.db.models import Func, TextField


class PlainTaxId(Func):
    """A tax id without spaces, dots and dashes, in capitals."""

    function = "accord_plain_tax_id"
    arity = 1
    output_field = TextField()


class PlainName(Func):
    """A name without accents, signs and legal form, in small letters."""

    function = "accord_plain_name"
    arity = 1
    output_field = TextField()


class PlainPlace(Func):
    """Street, postal code and country as one word; NULL where street or postal code lacks."""

    function = "accord_plain_place"
    arity = 3
    output_field = TextField()
