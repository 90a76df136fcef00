"""What a call to another system can end in, and what that means for the message."""

from typing import Any, ClassVar

from integrations.states import ErrorClass

# A longer wait than this is no wish but a mistake, and nobody would ask again for as long.
LONGEST_WISH = 3600.0


class CallFailed(Exception):
    """A call to another system did not succeed.

    reason: for the log of attempts, without values of the payload. retry_after: seconds that the
    other side asked for or that its own time limit demands, an hour at most. is_absent: the system itself did not
    answer, so that it is no use to bother it with more. is_late: it did not within the time that the
    caller had, which may have been short.
    """

    error_class: ClassVar[ErrorClass] = ErrorClass.BROKEN

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None = None,
        is_absent: bool = False,
        is_late: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = None if retry_after is None else min(retry_after, LONGEST_WISH)
        self.is_absent = is_absent
        self.is_late = is_late


class Transient(CallFailed):
    """Nothing was done there, and the same call may succeed later."""

    error_class = ErrorClass.TRANSIENT


class Paced(Transient):
    """We have asked as often as is agreed, or the system rests: nothing was sent, and it did nothing wrong."""


class TooEarly(Paced):
    """It was looked for and may yet come: it is to be looked for again before it counts as not there."""


class UnknownOutcome(CallFailed):
    """It may have been done or not: the next try asks by our key before anything else (INT-38)."""

    error_class = ErrorClass.UNKNOWN


class Refused(CallFailed):
    """The other system understood and said no; the same call will not succeed.

    cause: plain words for the operator. code: which refusal, for the playbook. evidence: JSON
    for the case, masked.
    """

    error_class = ErrorClass.REFUSED

    def __init__(
        self, reason: str, *, cause: Any, code: str = "refused", evidence: dict[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.cause = str(cause)
        self.code = code
        self.evidence = evidence or {}


class Broken(CallFailed):
    """The message or one of the two programs is wrong: a person must look."""

    error_class = ErrorClass.BROKEN


class NotUndone(Broken):
    """A step that must be taken back was not, however often it was tried: a person must see to it.

    step: which. why: what its compensation failed with.
    """

    def __init__(self, step: str, why: CallFailed) -> None:
        super().__init__(f"Undoing {step}: {why.reason}")
        self.step = step
        self.why = why


def can_heal(failure: CallFailed) -> bool:
    """Whether the same call may succeed later."""
    return failure.error_class in (ErrorClass.TRANSIENT, ErrorClass.UNKNOWN)


def facts_of(failure: CallFailed) -> dict[str, Any]:
    """A failure as JSON, to be kept: {reason, error_class, code, cause, evidence}."""
    facts = {"reason": failure.reason, "error_class": str(failure.error_class)}
    if isinstance(failure, Refused):
        return {**facts, "code": failure.code, "cause": failure.cause, "evidence": failure.evidence}
    return facts


def failure_from(facts: dict[str, Any]) -> CallFailed:
    """The failure that `facts_of` kept; one that could heal was not kept to be raised again."""
    if facts.get("error_class") == ErrorClass.REFUSED:
        return Refused(facts["reason"], cause=facts["cause"], code=facts["code"], evidence=facts["evidence"])
    return Broken(facts.get("reason", ""))
