"""The live questions: the only calls to another system that a person waits for (INT-28).

All of a document's questions go out side by side and end together, answered or not, within one time limit
that includes the sign-in. What comes later is dropped. Whether an order is taken without an answer is not
decided here but by the policy of checkout (orders.rules.live).
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.conf import settings
from django.db import connections
from django.utils import timezone

from core.actor import Actor, acting
from core.logging import get_logger
from integrations.actions.systems import note_answer, note_failure
from integrations.connectors.tryton import live as tryton
from integrations.connectors.tryton.transport import ErpSaidNo
from integrations.criteria import companies_inside
from integrations.effective import effective
from integrations.failures import Broken, CallFailed, Paced, Refused
from integrations.models import FlowState, System
from integrations.patience import within
from integrations.rest import is_resting
from integrations.systems import ERP, flow_actor
from orders.live import ABSENT, NONSENSE, PAUSED, REFUSED, TIMEOUT, Heard, LiveAnswers, LiveQuestion
from orders.states import LiveKind

logger = get_logger(__name__)

# Prices of many different quantities are asked in so many calls side by side.
PRICE_SHARES = 4
# Threads of one process: so many answers may be under way at once, of all buyers together.
THREADS = 16
# After so many questions in a row without any answer in time, none is asked for a while: a buyer does not wait
# two seconds for what is known. The flows' circuit is another one: they are patient, and are not paused by it.
SLOW_IN_A_ROW = 3
REST_SECONDS = 30.0


@dataclass(frozen=True)
class LiveCall:
    """One kind of question. flow: the identity it goes out under. ask: raises CallFailed.

    is_needed: whether a document has it at all. shares: in how many parts it is asked side by side.
    """

    flow: str
    ask: Callable[[LiveQuestion], Heard]
    is_needed: Callable[[LiveQuestion], bool]
    shares: int = 1


# Every call to another system that a page or the API waits for: nothing else may.
LIVE: dict[LiveKind, LiveCall] = {
    LiveKind.PRICE: LiveCall(
        "erp.live-price",
        tryton.ask_prices,
        lambda question: any(line.has_erp_price for line in question.lines),
        shares=PRICE_SHARES,
    ),
    LiveKind.STOCK: LiveCall(
        "erp.live-stock",
        tryton.ask_stock,
        lambda question: bool(question.lines and question.warehouse_code),
    ),
    LiveKind.CREDIT: LiveCall(
        "erp.live-credit",
        tryton.ask_credit,
        # Also without a limit: the same answer tells whether the ERP wants an approval.
        lambda question: bool(question.lineage),
    ),
}


def is_connected() -> bool:
    """Whether there is an ERP to ask; an installation without one orders by what its flows bring."""
    return bool(settings.ERP["url"] and settings.ERP["user"])


def ask(question: LiveQuestion, *, by: Actor) -> LiveAnswers | None:
    """Ask everything about a document at once; the answers that came within the time limit.

    Never raises and never takes longer than settings.LIVE_CHECK_SECONDS, whatever the ERP does. None when
    there is no ERP to ask. by: whose request it is; its correlation id goes along. Holds no row and no
    transaction while it waits.
    """
    if not is_connected():
        return None
    needed = [kind for kind in LIVE if kind in question.kinds and LIVE[kind].is_needed(question)]
    asked_at = timezone.now()
    is_away = _rest.is_on() or is_resting(ERP, asked_at)
    is_away = is_away or System.objects.filter(key=ERP, down_since__isnull=False).exists()
    silent, kinds = _switched(needed, question.company_number)
    if is_away:
        silent, kinds = [*silent, *kinds], []
    unasked = {kind: Heard(why=PAUSED) for kind in silent}
    if not kinds:
        return LiveAnswers(asked_at=asked_at, heard=unasked)
    began = time.monotonic()
    ends = began + settings.LIVE_CHECK_SECONDS
    tries = {kind: [_start(kind, part, ends, by) for part in _parts(kind, question)] for kind in kinds}
    wait([one for ones in tries.values() for one in ones], timeout=max(ends - time.monotonic(), 0))
    results = {kind: [_result(one, began) for one in ones] for kind, ones in tries.items()}
    heard = {kind: _joined([one for one, _error in ones], began) for kind, ones in results.items()}
    _note([error for ones in results.values() for _one, error in ones], heard, began)
    return LiveAnswers(asked_at=asked_at, heard={**unasked, **heard})


def _switched(kinds: Iterable[LiveKind], company: str) -> tuple[list[LiveKind], list[LiveKind]]:
    """The kinds whose flow is held or paused, and those that are asked; outside a roll-out it is neither."""
    states = {LIVE[kind].flow: kind for kind in kinds}
    paused = set(FlowState.objects.filter(flow__in=states, is_paused=True).values_list("flow", flat=True))
    silent, asked = [], []
    for flow, kind in states.items():
        set_to = effective(flow)
        inside = companies_inside(set_to.rollout)
        if flow in paused or not set_to.is_live:
            silent.append(kind)
        elif inside is None or company in inside:
            asked.append(kind)
    return silent, asked


def ask_patiently(kind: LiveKind, question: LiveQuestion, *, by: Actor) -> Heard:
    """Ask one kind in the background, where nobody waits. Raises CallFailed."""
    with acting(flow_actor(LIVE[kind].flow, correlation_id=by.correlation_id, company=by.on_behalf_of)):
        return LIVE[kind].ask(question)


def _parts(kind: LiveKind, question: LiveQuestion) -> list[LiveQuestion]:
    """The question in as many parts as are asked side by side; equal quantities stay together."""
    shares = LIVE[kind].shares
    if shares == 1:
        return [question]
    lines = sorted(question.lines, key=lambda line: (line.unit_erp_id, line.break_quantity))
    groups = sorted({(line.unit_erp_id, line.break_quantity) for line in lines})
    parts = [groups[nth::shares] for nth in range(shares)]
    return [
        question.model_copy(
            update={"lines": tuple(line for line in lines if (line.unit_erp_id, line.break_quantity) in part)}
        )
        for part in parts
        if part
    ]


def _start(kind: LiveKind, question: LiveQuestion, ends: float, by: Actor) -> "Future[Heard]":
    call = LIVE[kind]
    actor = flow_actor(call.flow, correlation_id=by.correlation_id, company=by.on_behalf_of)

    def run() -> Heard:
        try:
            with acting(actor), within(ends - time.monotonic()):
                return call.ask(question)
        finally:
            # Only the pace of the system was looked at (integrations.pace); no thread keeps a connection.
            connections.close_all()

    return _threads().submit(run)


def _result(one: "Future[Heard]", began: float) -> tuple[Heard, Exception | None]:
    """What a thread brought; one that is not through is let go, and what it brings later is dropped."""
    if not one.done():
        one.cancel()
        return Heard(why=TIMEOUT), None
    error = one.exception()
    if error is None:
        return one.result(), None
    if not isinstance(error, Exception):
        raise error
    why = _why(error)
    if why == NONSENSE:
        logger.warning("live.nonsense", system=ERP, exc_type=type(error).__name__)
    return Heard(why=why), error


def _why(error: Exception) -> str:
    if isinstance(error, Paced):
        return PAUSED
    if isinstance(error, CallFailed) and error.is_late:
        return TIMEOUT
    if isinstance(error, (Refused, ErpSaidNo)):
        return REFUSED
    if isinstance(error, Broken) or not isinstance(error, CallFailed):
        return NONSENSE
    return ABSENT


def _joined(parts: list[Heard], began: float) -> Heard:
    """The parts of one kind as one; why: of the first that is not whole."""
    return Heard(
        why=next((part.why for part in parts if part.why), ""),
        waited_ms=int((time.monotonic() - began) * 1000),
        prices=tuple(price for part in parts for price in part.prices),
        stock=tuple(record for part in parts for record in part.stock),
        credit=tuple(record for part in parts for record in part.credit),
        approvals=tuple(record for part in parts for record in part.approvals),
    )


def _note(errors: Iterable[Exception | None], heard: dict[LiveKind, Heard], began: float) -> None:
    """Tell the circuit what was learned, and rest when the ERP is too slow for somebody who waits.

    That it did not answer within two seconds does not mean that it is away: the flows, which are
    patient, are paused only by what shows at once, a closed door or a refused sign-in.
    """
    whys = [one.why for one in heard.values()]
    failures = [error for error in errors if isinstance(error, CallFailed)]
    gone = next((error for error in failures if error.is_absent and not error.is_late), None)
    if any(not why for why in whys):
        _rest.end()
        note_answer(ERP)
    elif gone is not None:
        note_failure(ERP, gone)
    elif set(whys) & {TIMEOUT, ABSENT}:
        _rest.count()
    logger.info(
        "live.asked",
        system=ERP,
        duration_ms=int((time.monotonic() - began) * 1000),
        outcome=", ".join(f"{kind} {one.why or 'answered'}" for kind, one in heard.items()),
    )


class _Rest:
    """How often in a row this process waited in vain, and until when it asks no more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.end()

    def is_on(self) -> bool:
        """Whether nothing is asked now."""
        return time.monotonic() < self._until

    def count(self) -> None:
        """One more in vain; after some in a row there is a rest, and after it one try decides."""
        with self._lock:
            self._in_vain += 1
            if self._in_vain >= SLOW_IN_A_ROW:
                self._until = time.monotonic() + REST_SECONDS

    def end(self) -> None:
        """It answers: all is well."""
        self._in_vain, self._until = 0, 0.0


_rest = _Rest()
_pools: dict[int, ThreadPoolExecutor] = {}
_opening = threading.Lock()


def _threads() -> ThreadPoolExecutor:
    """The threads of this process, made at the first use: a forked worker has its own."""
    with _opening:
        pool = _pools.get(os.getpid())
        if pool is None:
            pool = _pools[os.getpid()] = ThreadPoolExecutor(THREADS, thread_name_prefix="live")
        return pool
