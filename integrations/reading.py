"""What one reading of a flow is given, and what it brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.actor import Actor
from core.applied import Applied
from core.tolerance import ANY, Tolerance
from integrations.rehearsal import Found


@dataclass(frozen=True)
class Reading:
    """What a run of a flow is given: where to go on from, whether to read all, as whom it writes.

    rollout: whom the flow is live for. mapping: words that count before the connector's own.
    rehearses: the models to compare when nothing is to be changed; None lets the run change them.
    tolerance: how many bad rows it may bring before none of it is taken. most_gone: how much of what we have
    a whole reading may end. writes: the models that it brings.
    """

    cursor: dict[str, Any]
    is_full: bool
    by: Actor
    rollout: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mapping: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rehearses: tuple[str, ...] | None = None
    tolerance: Tolerance = ANY
    most_gone: Tolerance = ANY
    writes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fed:
    """What a run of a flow brought. keys: every row that was looked at. calls: made to the system.

    found: what a rehearsal would have changed, as far as it is kept.
    """

    applied: Applied
    as_of: datetime
    cursor: dict[str, Any]
    keys: frozenset[str]
    is_full: bool
    calls: int = 0
    found: tuple[Found, ...] = ()
