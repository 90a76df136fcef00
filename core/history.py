"""History rows that name the actor, the channel and the cause."""

from collections.abc import Sequence
from typing import Any, LiteralString

from django.db import connection, models
from django.dispatch import receiver
from psycopg import sql
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from core.actor import Actor, current_actor


class TracedHistory(models.Model):
    """Extra columns of every history row (SEC-08)."""

    actor_label = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True


def _user(instance: Any, **kwargs: Any) -> Any:
    """The person behind the change, by id; machines have none."""
    from django.contrib.auth import get_user_model

    actor = current_actor()
    if actor is None or actor.user_id is None:
        return None
    return get_user_model()(pk=actor.user_id)


def history(**options: Any) -> HistoricalRecords:
    """The history of a model, with the traced columns."""
    return HistoricalRecords(bases=[TracedHistory], get_user=_user, **options)


def traced() -> dict[str, str]:
    """The `TracedHistory` columns of the current actor, for history rows written as a set."""
    actor = current_actor()
    if actor is None:
        return {}
    return {
        "actor_label": actor.label,
        "on_behalf_of": actor.on_behalf_of,
        "channel": actor.channel,
        "correlation_id": actor.correlation_id,
    }


def record_set(
    model: type[models.Model], where: LiteralString, *, kind: str, by: Actor, params: Sequence[Any] = ()
) -> None:
    """Write the history rows of many rows in one statement, for a merge made in SQL (SEC-08).

    where: the condition on the model's table, with its `params`, that names the rows just written;
    only those whose tracked columns changed. kind: "+" created, "~" changed.
    """
    past = model.history.model  # type: ignore[attr-defined]
    traces = {
        "history_date": sql.SQL("now()"),
        "history_type": sql.Literal(kind),
        "history_user_id": sql.Literal(by.user_id),
        "actor_label": sql.Literal(by.label),
        "on_behalf_of": sql.Literal(by.on_behalf_of),
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


@receiver(pre_create_historical_record)
def _trace(sender: Any, history_instance: Any, **kwargs: Any) -> None:
    for name, value in traced().items():
        setattr(history_instance, name, value)
