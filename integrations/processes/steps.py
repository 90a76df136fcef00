"""What a process is made of: steps in order, each with what it does and how that is taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.actor import Actor

Output = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """What a step gets to work with.

    given: JSON, kept with the step: what the process was begun with, and under their names the
    outputs of the steps that it needs.
    """

    subject: str
    given: dict[str, Any]
    by: Actor

    @property
    def number(self) -> str:
        """The number of the document it is about."""
        return self.subject.partition(":")[2]


@dataclass(frozen=True)
class Step:
    """One step. Both of its calls may be made again after any loss, and then ask the other side first.

    run: does it and answers with JSON for later steps; raises CallFailed. undo: takes it back, quiet
    when there is nothing; None where nothing is to be taken back. needs: earlier steps whose outputs
    it is given. is_lasting: once it has begun, others may already act on it: it is brought to its end
    rather than taken back for newer words. patience: for how many seconds the other side may still do what
    it never answered; before that nothing is undone for good.
    """

    name: str
    title: Any
    run: Callable[[Work], Output]
    undo: Callable[[Work], None] | None = None
    needs: tuple[str, ...] = ()
    is_lasting: bool = False
    patience: float = 0.0


@dataclass(frozen=True)
class Definition:
    """A process: its kind and its steps, in the order in which they are done and against which undone.

    flow: by whose settings it runs, "" for none.
    """

    kind: str
    title: Any
    steps: tuple[Step, ...]
    flow: str = ""

    def step(self, name: str) -> Step:
        """A step by its name. Raises KeyError for one that is no longer there."""
        return {step.name: step for step in self.steps}[name]
