"""History rows that name the actor, the channel and the cause, written by the database itself (SEC-08).

A model says `history = history()` and gets the table and the pages of django-simple-history. The rows are
written by a trigger per table, as a set per statement: whoever writes, by `save`, `update`, `bulk_create`, a
merge in SQL, the admin or a job, leaves one row for each row that differs, and none for the others. Who acts is
told to the database in the transaction that writes (`core.actor.acting`); SQL by hand is named as such.
The triggers are put in place after every `migrate`, from the models, so that no migration can forget one.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, LiteralString, cast

from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql
from simple_history.models import HistoricalRecords

from core.actor import Actor, current_actor

# Tables of rights whose rows have no history of their own: their changes are rows of `core.RowChange`, as are
# those of all tables that pair an audited model with others.
RIGHTS_TABLES = ("auth_group", "auth_group_permissions", "accounts_companygrouppermission")


class TracedHistory(models.Model):
    """Extra columns of every history row (SEC-08)."""

    actor_label = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True


class _Triggered(HistoricalRecords):  # type: ignore[misc]
    """The tables and pages of the library; its signals, which `update` and `bulk_*` never send, write nothing."""

    def __init__(self, *args: Any, quiet: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quiet = tuple(quiet)

    def create_history_model(self, model: type[models.Model], inherited: bool) -> Any:
        made = super().create_history_model(model, inherited)
        made.quiet_fields = self.quiet
        return made

    def post_save(self, *args: Any, **kwargs: Any) -> None:
        """The trigger has written the row."""

    def pre_delete(self, *args: Any, **kwargs: Any) -> None:
        """Nothing need be loaded."""

    def post_delete(self, *args: Any, **kwargs: Any) -> None:
        """The trigger has written the row."""

    def m2m_changed(self, *args: Any, **kwargs: Any) -> None:
        """The trigger of the pairs has written the row."""


def history(*, quiet: Sequence[str] = (), **options: Any) -> HistoricalRecords:
    """The history of a model, with the traced columns.

    quiet: fields whose change alone is no news, such as `as_of`: they are kept, but make no row by themselves.
    """
    return _Triggered(bases=[TracedHistory], quiet=quiet, **options)


def audited_models() -> list[type[models.Model]]:
    """Every model with a history, in the order of the apps."""
    return [model for model in apps.get_models() if hasattr(model._meta, "simple_history_manager_attribute")]


# -- who acts, as the database is told ------------------------------------------------------------

_NAMES_ACTOR = "SELECT set_config('accord.actor', %s, true)"
_BEGINS = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH")


@cache
def _writing() -> re.Pattern[str]:
    tables = sorted({model._meta.db_table for model in audited_models()} | plain_tables(), key=len)
    names = "|".join(map(re.escape, reversed(tables)))
    return re.compile(
        rf"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+(?:ONLY\s+)?\"?(?:{names})\"?(?!\w)",
        re.IGNORECASE,
    )


def _told(actor: Actor | None) -> str:
    if actor is None:
        return json.dumps({"channel": "shell", "label": "shell"})
    return json.dumps(
        {
            "user": actor.user_id,
            "label": actor.label[:200],
            "behalf": actor.behalf,
            "channel": actor.channel[:60],
            "correlation": actor.correlation_id[:64],
        }
    )


def name_actor(execute: Callable[..., Any], query: Any, params: Any, many: bool, context: Any) -> Any:
    """Tell the database who acts before each statement that writes an audited table.

    Told anew each time and for the transaction alone: a rollback, a savepoint or a pool of connections would
    otherwise leave the wrong name behind. A write outside a transaction gets one of its own.
    """
    cursor = context["cursor"]
    text = query if isinstance(query, str) else query.as_string(cursor.connection)
    if not text.lstrip().upper().startswith(_BEGINS) or not _writing().search(text):
        return execute(query, params, many, context)
    here = context["connection"]
    if not here.in_atomic_block:
        with transaction.atomic(using=here.alias):
            return _execute_named(execute, query, params, many, context)
    return _execute_named(execute, query, params, many, context)


def _execute_named(execute: Callable[..., Any], query: Any, params: Any, many: bool, context: Any) -> Any:
    context["connection"].connection.execute(_NAMES_ACTOR, [_told(current_actor())])
    return execute(query, params, many, context)


def listen(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Let a new connection tell who acts; first in the row, since others are taken away from its end."""
    if connection.vendor == "postgresql" and name_actor not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, name_actor)


# -- merges in SQL that write a row in several steps ----------------------------------------------


@contextmanager
def by_hand(model: type[models.Model]) -> Iterator[None]:
    """Let a merge that makes a row in several statements write its history itself, once, by `record_set`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('accord.by_hand', %s, true)", [model._meta.db_table])
        yield
        cursor.execute("SELECT set_config('accord.by_hand', '', true)")


def record_set(
    model: type[models.Model], where: LiteralString, *, kind: str, by: Actor, params: Sequence[Any] = ()
) -> None:
    """Write the history rows of many rows in one statement, for a merge `by_hand` (SEC-08).

    where: the condition on the model's table, with its `params`, that names the rows just written;
    only those whose tracked columns changed. kind: "+" created, "~" changed.
    """
    past = model.history.model  # type: ignore[attr-defined]
    traces = {
        "history_date": sql.SQL("statement_timestamp()"),
        "history_type": sql.Literal(kind),
        "history_user_id": sql.Literal(by.user_id),
        "actor_label": sql.Literal(by.label),
        "on_behalf_of": sql.Literal(by.behalf),
        "channel": sql.Literal(by.channel),
        "correlation_id": sql.Literal(by.correlation_id),
    }
    # A column of the same name as a trace says of the history row who wrote that, not who made the row.
    own = {field.column for field in model._meta.concrete_fields} - traces.keys()
    columns = [field.column for field in past._meta.concrete_fields if field.column in own]
    statement = sql.SQL("INSERT INTO {past} ({names}) SELECT {values} FROM {table} WHERE {where}").format(
        past=sql.Identifier(past._meta.db_table),
        names=sql.SQL(", ").join(map(sql.Identifier, [*columns, *traces])),
        values=sql.SQL(", ").join([*(sql.Identifier(name) for name in columns), *traces.values()]),
        table=sql.Identifier(model._meta.db_table),
        where=sql.SQL(where),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params) or None)


# -- what is in place in the database -------------------------------------------------------------


def wanted_triggers() -> dict[str, tuple[str, list[str]]]:
    """What each audited table needs: {table: (table of its history, columns that are quiet)}."""
    wanted: dict[str, tuple[str, list[str]]] = {}
    for model in audited_models():
        past = model.history.model  # type: ignore[attr-defined]
        columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
        quiet = [columns[name] for name in past.quiet_fields]
        wanted[model._meta.db_table] = (past._meta.db_table, quiet)
    return wanted


def plain_tables() -> set[str]:
    """The tables whose changes are rows of `core.RowChange`."""
    pairs = {
        cast(Any, field.remote_field).through._meta.db_table
        for model in audited_models()
        for field in model._meta.local_many_to_many
    }
    return pairs | set(RIGHTS_TABLES)
