"""Calls to another system wait for their turn, at a pace that all workers share through the database (INT-23)."""

import time

from integrations.actions.pace import give_turn_back, take_turn
from integrations.failures import Paced
from integrations.patience import seconds_left

# A system without a limit is looked at this often, by each process.
LOOK_EVERY = 1.0
# Waiting for a token goes on while the work's time allows it; what rests longer is come back to later.
LONGEST_WAIT = 20.0
LONGEST_REST = 2.0

_free_until: dict[str, float] = {}


def wait_for_turn(key: str) -> None:
    """Wait until a system may be asked once more; one statement per call if it has a limit, hardly any if not.

    Raises Paced when that would take longer than the work at hand may. Outside a transaction.
    """
    if time.monotonic() < _free_until.get(key, 0.0):
        return
    while turn := take_turn(key):
        most = seconds_left(LONGEST_WAIT if turn.has_token else LONGEST_REST)
        if turn.wait_seconds > most:
            if turn.has_token:
                give_turn_back(key)
            reason = "It is asked as often as agreed." if turn.has_token else "It asked to be left alone."
            raise Paced(reason, retry_after=turn.wait_seconds)
        time.sleep(turn.wait_seconds)
        if turn.has_token:
            return
    _free_until[key] = time.monotonic() + LOOK_EVERY


def forget_pace() -> None:
    """Look at every system's pace anew at its next call."""
    _free_until.clear()
