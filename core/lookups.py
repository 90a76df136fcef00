"""Long lists of keys in conditions: one array instead of hundreds of parameters.

Whoever sees a thousand companies names them in each statement, some of them several times. Each parameter on its own is
looked at by the ORM, cut out of the statement and written into it again: on a page of a headquarters that took longer than
the database did. `= ANY (array)` is what PostgreSQL makes of a list of constants anyway, by the same indexes.
"""

from typing import Any

from django.db.models import BigAutoField, ForeignKey
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In

# A short list stays as it is written: nothing is won, and statements are easier to read.
LONG = 20


def are_keys(values: Any) -> bool:
    """Whether these are many plain whole numbers, which need no preparing."""
    return (
        isinstance(values, list | tuple | set | frozenset)
        and len(values) > LONG
        and all(type(value) is int for value in values)
    )


class _OneArray(In):
    """A list of keys as one parameter."""

    def get_prep_lookup(self) -> Any:
        return list(self.rhs) if are_keys(self.rhs) else super().get_prep_lookup()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not are_keys(self.rhs):
            return super().as_sql(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        keys = ",".join(map(str, dict.fromkeys(self.rhs)))
        return f"{column} = ANY(%s::bigint[])", (*parameters, f"{{{keys}}}")


class KeyIn(_OneArray):
    """`pk__in`."""


class ForeignKeyIn(_OneArray, RelatedIn):
    """`company__in`, `company_id__in`."""


def register() -> None:
    """Let all models use them."""
    BigAutoField.register_lookup(KeyIn)
    ForeignKey.register_lookup(ForeignKeyIn)
