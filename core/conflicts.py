"""The log of disagreements: two systems said different things of one field, and one of them holds (INT-03)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.actor import Actor, action
from core.models import Conflict, trace


@dataclass(frozen=True)
class Disagreement:
    """One field of which two systems said different things.

    model: "app.Model". key: of the row, as people know it. kept: the value that holds, said by
    `winner`; refused: what `loser` said. rule: the name of the rule that decided, from a table.
    Values are plain data, Decimals, dates or times.
    """

    model: str
    key: str
    field: str
    kept: Any
    refused: Any
    winner: str
    loser: str
    rule: str


def note(found: Disagreement, *, by: Actor) -> Conflict:
    """Write down one disagreement, in the transaction of what was decided."""
    return note_all([found], by=by)[0]


@action
def note_all(found: Iterable[Disagreement], *, by: Actor) -> list[Conflict]:
    """Write down disagreements, in one statement and in the transaction of what was decided.

    What is rolled back with a refused action is kept by calling this after it, at the edge or in the
    use case: a refusal is a decision too.
    """
    who = trace(by)
    return Conflict.objects.bulk_create(
        [
            Conflict(
                model=one.model,
                key=one.key[:120],
                field=one.field,
                kept=plain(one.kept),
                refused=plain(one.refused),
                winner=one.winner,
                loser=one.loser,
                rule=one.rule,
                **who,
            )
            for one in found
        ]
    )


def note_news(found: Iterable[Disagreement], *, by: Actor) -> list[Conflict]:
    """Write down the disagreements that do not stand in the log as they are: a flow meets them at each run.

    One statement to look, and one to write where there is news.
    """
    found = list(found)
    if not found:
        return []
    rows = Conflict.objects.filter(model__in={one.model for one in found}, key__in={one.key for one in found})
    last = {(row.model, row.key, row.field): _told(row) for row in rows.order_by("id")}
    news = [
        one
        for one in found
        if last.get((one.model, one.key, one.field))
        != (plain(one.kept), plain(one.refused), one.winner, one.loser, one.rule)
    ]
    return note_all(news, by=by) if news else []


def _told(row: Conflict) -> tuple[Any, ...]:
    return row.kept, row.refused, row.winner, row.loser, row.rule


def plain(value: Any) -> Any:
    """A value as the log keeps it: figures as exact texts, times in ISO 8601.

    Raises TypeError for a float and for whatever else has no exact form.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} has no exact form in the log")
