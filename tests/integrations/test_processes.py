"""Processes go on where they stopped, are undone in reverse, and end with a person when that fails too."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from core.errors import WrongState
from core.states import check_move
from integrations.actions import processes as notes
from integrations.failures import Broken, NotUndone, Refused, TooEarly, Transient, UnknownOutcome
from integrations.models import Process, ProcessStep
from integrations.patience import SECONDS_PER_DELIVERY
from integrations.processes.engine import MOST_UNDOS, carry_on, give_up, left_to_undo, take_back
from integrations.processes.steps import Definition, Step
from integrations.states import PROCESS_NEXT, STEP_NEXT, ProcessState, StepState
from integrations.systems import flow_actor

SUBJECT = "order:SO-1"
NO = Refused("No.", cause="The limit is exceeded.", code="limit", evidence={"limit": "100"})


class Killed(BaseException):
    """The worker ends here: nothing of ours catches it."""


class Other:
    """The other side: what was asked of it in which order, and what it is to fail with next."""

    def __init__(self) -> None:
        self.asked = []
        self.fails = {}

    def hears(self, call, *failures):
        """Let the next such calls fail."""
        self.fails[call] = list(failures)

    def answer(self, call):
        self.asked.append(call)
        if self.fails.get(call):
            raise self.fails[call].pop(0)

    def step(self, name, *, is_undone=True, needs=(), is_lasting=False, patience=0.0):
        def run(work):
            self.answer(name)
            return {"from": {need: work.given[need] for need in needs}, "name": name}

        def undo(work):
            self.answer(f"undo {name}")

        return Step(name, name, run, undo if is_undone else None, needs, is_lasting, patience)


@pytest.fixture
def other():
    return Other()


@pytest.fixture
def definition(other):
    steps = (
        other.step("check", is_undone=False),
        other.step("reserve", needs=("check",)),
        other.step("post", is_lasting=True),
        other.step("record", is_undone=False, needs=("reserve",)),
    )
    return Definition("test", "Test", steps)


@pytest.fixture
def drive(definition):
    """Call the process as the delivery of an event does."""

    def once(event="e1"):
        by = flow_actor("erp.orders-out", company="C1")
        return carry_on(definition, SUBJECT, {"event": event}, by=by)

    return once


def states(run=1):
    return [step.state for step in Process.objects.get(run=run).steps.order_by("position")]


@pytest.mark.parametrize(("table", "words"), [(PROCESS_NEXT, ProcessState), (STEP_NEXT, StepState)])
def test_the_tables_are_the_whole_truth(table, words):
    for old in words:
        for new in words:
            if new in table[old]:
                check_move(table, old, new)
            else:
                with pytest.raises(WrongState):
                    check_move(table, old, new)


@pytest.mark.django_db
@pytest.mark.req("INT-43", "INT-44")
def test_newer_words_undo_a_run_that_has_begun_nothing_lasting(drive, other):
    other.hears("reserve", Transient("Busy."))
    with pytest.raises(Transient):
        drive("e1")

    drive("e2")

    assert other.asked == ["check", "reserve", "undo reserve", "check", "reserve", "post", "record"]
    assert list(Process.objects.order_by("run").values_list("run", "state")) == [(1, "undone"), (2, "done")]


@pytest.mark.django_db
@pytest.mark.req("INT-43", "INT-44")
def test_newer_words_let_a_run_end_whose_lasting_step_has_begun(drive, other):
    other.hears("post", UnknownOutcome("No answer."))
    with pytest.raises(UnknownOutcome):
        drive("e1")

    drive("e2")

    first = ["check", "reserve", "post", "post", "record"]
    assert other.asked == [*first, "check", "reserve", "post", "record"]
    assert list(Process.objects.order_by("run").values_list("run", "state")) == [(1, "done"), (2, "done")]


@pytest.mark.django_db
@pytest.mark.req("INT-44")
def test_newer_words_begin_anew_after_a_lasting_step_was_refused(drive, other):
    other.hears("post", UnknownOutcome("No answer."), NO)
    with pytest.raises(UnknownOutcome):
        drive("e1")

    drive("e2")

    first = ["check", "reserve", "post", "post", "undo post", "undo reserve"]
    assert other.asked == [*first, "check", "reserve", "post", "record"]
    assert list(Process.objects.order_by("run").values_list("run", "state")) == [(1, "undone"), (2, "done")]


@pytest.mark.django_db
@pytest.mark.req("INT-42")
def test_each_step_is_done_once_in_order_and_keeps_what_went_in_and_came_out(drive, other):
    outputs = drive()
    again = drive()

    process = Process.objects.get()
    reserve = process.steps.get(name="reserve")
    assert other.asked == ["check", "reserve", "post", "record"]
    assert (process.state, process.run, process.company_number) == ("done", 1, "C1")
    assert [(step.state, step.attempts) for step in process.steps.all()] == [("done", 1)] * 4
    assert reserve.input == {"event": "e1", "check": {"from": {}, "name": "check"}}
    assert reserve.output == {"from": {"check": {"from": {}, "name": "check"}}, "name": "reserve"}
    assert outputs == again
    assert reserve.started_at <= reserve.ended_at <= process.ended_at


@pytest.mark.django_db
@pytest.mark.req("INT-42")
def test_a_further_step_is_one_entry_and_takes_its_part_in_both_directions(definition, other):
    check, reserve, *rest = definition.steps
    paid = Definition("test", "Test", (check, reserve, other.step("payment"), *rest))
    other.hears("post", NO)

    with pytest.raises(Refused):
        carry_on(paid, SUBJECT, {"event": "e1"}, by=flow_actor("erp.orders-out"))

    assert other.asked == [
        "check",
        "reserve",
        "payment",
        "post",
        "undo post",
        "undo payment",
        "undo reserve",
    ]


@pytest.mark.django_db
@pytest.mark.req("INT-43")
@pytest.mark.parametrize("at", ["check", "reserve", "post", "record"])
@pytest.mark.parametrize("end", [Killed(), Transient("busy"), UnknownOutcome("lost")])
def test_a_process_goes_on_at_the_step_that_did_not_end(drive, other, at, end):
    other.hears(at, end)

    with pytest.raises(type(end)):
        drive()
    stopped = Process.objects.get().steps.get(name=at)
    drive()

    steps = Process.objects.get().steps
    names = list(steps.order_by("position").values_list("name", flat=True))
    before = names[: names.index(at)]
    assert stopped.state == ("failed" if isinstance(end, Transient) else "started")
    assert other.asked == [*before, at, at, *names[names.index(at) + 1 :]]
    assert {step.name: step.attempts for step in steps.all()} == {
        name: 2 if name == at else 1 for name in names
    }
    assert Process.objects.get().state == "done"


@pytest.mark.django_db
@pytest.mark.req("INT-44", "ORD-06")
@pytest.mark.parametrize(("at", "undone", "after"), [
    ("check", [], ["failed", "waiting", "waiting", "waiting"]),
    ("reserve", ["undo reserve"], ["done", "undone", "waiting", "waiting"]),
    ("post", ["undo post", "undo reserve"], ["done", "undone", "undone", "waiting"]),
    ("record", ["undo post", "undo reserve"], ["done", "undone", "undone", "failed"]),
])  # fmt: skip
@pytest.mark.parametrize("failure", [NO, Broken("A mistake.")])
def test_a_final_failure_undoes_exactly_what_was_done_in_reverse(
    drive, definition, other, at, undone, after, failure
):
    other.hears(at, failure)

    with pytest.raises(type(failure)) as raised:
        drive()
    process = give_up(definition, SUBJECT, raised.value)

    assert [call for call in other.asked if call.startswith("undo")] == undone
    assert states() == after
    assert process.state == "undone"
    assert (process.failure["step"], process.failure["reason"]) == (at, failure.reason)
    assert process.steps.get(name=at).error == failure.reason


@pytest.mark.django_db
@pytest.mark.req("INT-43", "INT-44")
@pytest.mark.parametrize("at", ["undo post", "undo reserve"])
def test_undoing_goes_on_after_a_crash_and_ends_with_what_it_began_with(drive, definition, other, at):
    other.hears("post", NO)
    other.hears(at, Killed())

    with pytest.raises(Killed):
        drive()
    with pytest.raises(Refused) as raised:
        drive()
    with pytest.raises(Refused):
        # Ended once more, before the dead letter was noted.
        drive()
    give_up(definition, SUBJECT, raised.value)

    assert [call for call in other.asked if call.startswith("undo")] == (
        ["undo post", "undo post", "undo reserve"]
        if at == "undo post"
        else ["undo post", "undo reserve", "undo reserve"]
    )
    assert (raised.value.code, raised.value.evidence) == (NO.code, NO.evidence)
    assert other.asked.count("post") == 1
    assert Process.objects.get().state == "undone"


@pytest.mark.django_db
@pytest.mark.req("INT-45")
def test_a_compensation_that_fails_is_tried_again_and_then_waits_for_a_person(drive, definition, other):
    other.hears("post", NO)
    other.hears("undo reserve", *[Transient("busy")] * MOST_UNDOS)

    for _try in range(MOST_UNDOS - 1):
        with pytest.raises(Transient):
            drive()
    during = Process.objects.get().state
    with pytest.raises(NotUndone) as raised:
        drive()
    waiting = give_up(definition, SUBJECT, raised.value)
    with pytest.raises(Refused) as first:
        drive()
    give_up(definition, SUBJECT, first.value)

    assert during == "undoing"
    assert (waiting.state, waiting.failure["undo"]["reason"]) == ("waiting", "busy")
    assert other.asked.count("undo post") == 1
    assert other.asked.count("undo reserve") == MOST_UNDOS + 1
    assert first.value.cause == NO.cause
    assert Process.objects.get().state == "undone"


@pytest.mark.django_db
@pytest.mark.req("INT-45")
def test_a_compensation_that_is_refused_waits_for_a_person_at_once(drive, definition, other, otto):
    other.hears("post", NO)
    other.hears("undo reserve", Refused("Too late.", cause="It is on its way.", code="too_late"))

    with pytest.raises(NotUndone) as raised:
        drive()
    process = give_up(definition, SUBJECT, raised.value)
    left = [step.name for step in left_to_undo(definition, process)]
    notes.settle_undoing(
        process, left=left_to_undo(definition, process), by=otto.actor, reason="Called them."
    )

    process.refresh_from_db()
    assert left == ["reserve"]
    assert process.failure["undo"]["code"] == "too_late"
    assert process.failure["settled"] == {"by": "Otto", "reason": "Called them."}
    assert process.state == "undone"
    assert states() == ["done", "undone", "undone", "waiting"]


@pytest.mark.django_db
@pytest.mark.req("INT-43", "INT-44")
def test_past_its_deadline_a_process_waits_and_a_person_lets_it_go_on_or_takes_it_back(
    drive, definition, other
):
    other.hears("post", UnknownOutcome("lost"), UnknownOutcome("lost"))

    with pytest.raises(UnknownOutcome) as lost:
        drive()
    waiting = give_up(definition, SUBJECT, lost.value).state
    with pytest.raises(UnknownOutcome):
        drive()
    give_up(definition, SUBJECT, lost.value)
    take_back(definition, SUBJECT, reason="Bought elsewhere.", by=flow_actor("erp.orders-out"))
    take_back(definition, SUBJECT, reason="Once more.", by=flow_actor("erp.orders-out"))

    process = Process.objects.get()
    assert waiting == "waiting"
    assert other.asked == ["check", "reserve", "post", "post", "undo post", "undo reserve"]
    assert (process.state, process.failure["reason"]) == ("undone", "Bought elsewhere.")


@pytest.fixture
def patient(other):
    """A process of one step, whose other side may still do for a minute what it never answered."""
    return Definition("test", "Test", (other.step("reserve", patience=60.0),))


def pass_time(seconds):
    """Let the attempts of all steps be as much longer ago."""
    ago = timedelta(seconds=seconds)
    for step in ProcessStep.objects.all():
        step.tried_at = step.tried_at and step.tried_at - ago
        step.lost_at = step.lost_at and step.lost_at - ago
        step.save()


@pytest.mark.django_db
@pytest.mark.req("INT-38", "INT-44")
@pytest.mark.parametrize(("end", "most"), [
    (UnknownOutcome("No answer."), 60.0),
    # Its worker may have sent it at the end of its time.
    (Killed(), 60.0 + SECONDS_PER_DELIVERY),
])  # fmt: skip
def test_nothing_counts_as_taken_back_while_what_was_never_answered_may_still_be_done(
    patient, other, end, most
):
    by = flow_actor("erp.orders-out")
    other.hears("reserve", end)
    with pytest.raises(type(end)):
        carry_on(patient, SUBJECT, {"event": "e1"}, by=by)

    waits = []
    for passed in (0, most - 10):
        pass_time(passed)
        with pytest.raises(TooEarly) as early:
            take_back(patient, SUBJECT, reason="Bought elsewhere.", by=by)
        waits.append(early.value.retry_after)
    during = Process.objects.get().state
    pass_time(10)
    take_back(patient, SUBJECT, reason="Bought elsewhere.", by=by)

    assert most - 5 < waits[0] <= most
    assert 5 < waits[1] <= 10
    assert (during, Process.objects.get().state) == ("undoing", "undone")
    assert other.asked == ["reserve", "undo reserve", "undo reserve", "undo reserve"]


@pytest.mark.django_db
@pytest.mark.req("INT-44", "INT-45")
def test_looking_again_is_no_failed_compensation_and_what_was_answered_is_not_waited_for(patient, other):
    by = flow_actor("erp.orders-out")
    other.hears("reserve", UnknownOutcome("No answer."), Transient("Busy."))
    with pytest.raises(UnknownOutcome):
        carry_on(patient, SUBJECT, {"event": "e1"}, by=by)
    pass_time(55)
    with pytest.raises(Transient):
        carry_on(patient, SUBJECT, {"event": "e1"}, by=by)

    for _look in range(MOST_UNDOS + 1):
        with pytest.raises(TooEarly) as early:
            take_back(patient, SUBJECT, reason="Bought elsewhere.", by=by)

    assert early.value.retry_after <= 5
    assert ProcessStep.objects.get().lost_at < timezone.now() - timedelta(seconds=50)


@pytest.mark.django_db
@pytest.mark.req("INT-42")
@pytest.mark.parametrize("is_told", [True, False])
def test_after_an_undone_run_other_words_begin_the_next(drive, definition, other, is_told):
    other.hears("post", NO)
    with pytest.raises(Refused) as raised:
        drive("e1")
    if is_told:
        give_up(definition, SUBJECT, raised.value)

    drive("e2")

    first, second = Process.objects.order_by("run")
    assert (first.state, second.state, second.run) == ("undone", "done", 2)
    assert other.asked.count("undo reserve") == 1
    assert {step.input["event"] for step in second.steps.all()} == {"e2"}


@pytest.mark.django_db
def test_who_comes_back_to_a_step_that_another_worker_has_taken_up_writes_nothing(definition):
    by = flow_actor("erp.orders-out")
    process = notes.begin_process("test", SUBJECT, steps=["check", "reserve"], given={}, by=by)
    mine = notes.start_step(process.steps.first(), {})
    theirs = notes.start_step(mine, {})

    with pytest.raises(Transient):
        notes.finish_step(mine, {"by": "me"})
    with pytest.raises(Transient):
        notes.fail_step(mine, NO)
    with pytest.raises(Transient):
        notes.begin_process("test", SUBJECT, steps=["check"], given={}, by=by)
    notes.finish_step(theirs, {"by": "them"})

    check = process.steps.first()
    assert (check.state, check.attempts, check.output) == ("done", 2, {"by": "them"})
    assert Process.objects.get().state == "running"


@pytest.mark.django_db
def test_steps_are_numbered_in_the_order_of_their_definition(definition, drive):
    drive()

    positions = [step.position for step in Process.objects.get().steps.all()]
    assert all(later - earlier == 1 for earlier, later in pairwise(positions))
