"""What a flow is: the one row that says whose facts it moves, how fast, under which rules, and who answers for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.functional import Promise

from accounts.staff import OPERATOR, SALES_MANAGER
from core import ownership
from core.records import Record
from core.tolerance import ANY, Tolerance
from integrations.reading import Fed, Reading
from integrations.states import ConflictRule, Direction, Pattern
from integrations.systems import KINDS

QUICK, SLOW = "quick", "slow"
# A whole reading that lacks more than this of what we have was most likely cut off.
HALF = Tolerance(most_percent=Decimal(50))


@dataclass(frozen=True)
class AlertRule:
    """When somebody is told: figures older than `age`, bad rows or calls in percent, messages that wait."""

    age: timedelta
    error_percent: int
    backlog: int


@dataclass(frozen=True)
class Escalation:
    """Who is told when nobody acts: the steward after `first`, then `then` after `second`."""

    first: timedelta
    second: timedelta
    then: str


@dataclass(frozen=True)
class Flow:
    """One stream of facts between us and one other system.

    label: what moves. kind: the kind of figure that the monitor measures; of a fed flow it is the kind whose
    freshness it keeps. every: how often it looks. limit: how old its figures may be before they are
    stale; of an asked flow, how long an answer may take. full_every: how often it compares
    everything, since deletions leave no trace. lane: quick, or slow for what may take minutes.
    after: flows that must have run before it for the first time. feed: reads and applies; None for
    what is not read by a schedule. destination: where its messages go out. contract: the
    records that cross the border. mapping: dotted place of what turns theirs into ours, or ours into
    theirs. writes: "app.Model" of ours that it may write; what the ERP sends by
    itself is taken in the name of the flow that reads the same. conflict: which word holds. steward: the role of
    the staff that answers for it. tests: the module that shows it. playbook: the anchor in docs/playbooks.md.
    tolerance: bad rows that a run may have before none of it is taken. most_gone: how much of what we have may end by
    one whole reading; more is taken for a reading that was cut off.
    phase: 1 is what buying needs, 2 what follows it. feature: the part of the portal that is there only while
    it is live. words: kinds of their words that people may map, see
    `integrations.words`. criteria: by what it may be rolled out, see `integrations.criteria`. is_guarded: not to be switched live without an
    alert that reaches somebody. Source: INT-01, INT-61, INT-62, OPS-08, OPS-09.
    """

    name: str
    label: str | Promise
    system: str
    every: timedelta = timedelta()
    limit: timedelta = timedelta()
    kind: str = ""
    direction: Direction = Direction.IN
    pattern: Pattern = Pattern.BATCH
    feed: Callable[[Reading], Fed] | None = None
    destination: str = ""
    full_every: timedelta | None = timedelta(hours=24)
    lane: str = QUICK
    after: tuple[str, ...] = ()
    contract: tuple[type[Record], ...] = ()
    mapping: str = ""
    writes: tuple[str, ...] = ()
    conflict: ConflictRule = ConflictRule.OWNER
    steward: str = OPERATOR
    escalation: Escalation = Escalation(timedelta(minutes=15), timedelta(hours=1), SALES_MANAGER)
    alert: AlertRule | None = None
    tolerance: Tolerance = ANY
    most_gone: Tolerance = HALF
    tests: str = ""
    playbook: str = ""
    phase: int = 1
    feature: str = ""
    words: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    is_guarded: bool = False

    @property
    def owner(self) -> str:
        """The kind of system whose word it is: what goes out is ours."""
        if self.direction == Direction.OUT:
            return ownership.US
        return KINDS[self.system]

    @property
    def is_fed(self) -> bool:
        """Whether it is read by its schedule."""
        return self.feed is not None

    def read(self, reading: Reading) -> Fed:
        """Read once and let the owning app apply it. Raises CallFailed, and ValueError without a feed."""
        if self.feed is None:
            raise ValueError(f"{self.name} is not read by a schedule")
        return self.feed(reading)


def seconds(number: int) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=number)


def minutes(number: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def hours(number: int) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)
