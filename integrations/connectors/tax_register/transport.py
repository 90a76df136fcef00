"""Calls to the register of tax ids: one address that the operator sets, bounded times, errors sorted by what they mean."""

import threading
from functools import cache
from typing import Any

import httpx2
from django.conf import settings

from core.actor import current_actor
from integrations.failures import Broken, Transient
from integrations.pace import wait_for_turn
from integrations.patience import seconds_left
from integrations.systems import TAX

MOST_BYTES = 100_000
_opening = threading.Lock()


def is_set_up() -> bool:
    """Whether the operator has named a register; none is asked by default."""
    return bool(settings.TAX_REGISTER["url"])


def exchange(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call; the answer as JSON, also of a refusal. Raises Transient when it was not reached, Broken for nonsense."""
    if not is_set_up():
        raise Transient("No register of tax ids is set: give TAX_REGISTER_URL.", is_absent=True)
    wait_for_turn(TAX)
    access: dict[str, Any] = settings.TAX_REGISTER
    left = seconds_left(access["read_seconds"])
    if left <= 0:
        raise Transient("There was no time left to ask the register.", is_late=True)
    actor = current_actor()
    headers = {"X-Correlation-Id": actor.correlation_id} if actor else {}
    timeout = httpx2.Timeout(left, connect=min(access["connect_seconds"], left), pool=left)
    try:
        response = _client().request(
            method, access["url"].rstrip("/") + path, json=body, headers=headers, timeout=timeout
        )
    except httpx2.ConnectError:
        raise Transient("The register was not reached.", is_absent=True) from None
    except httpx2.TimeoutException as error:
        raise Transient(
            f"The register did not answer in time ({type(error).__name__}).", is_absent=True, is_late=True
        ) from None
    except httpx2.TransportError as error:
        raise Transient(f"The connection to the register broke ({type(error).__name__}).") from None
    return _answer(response)


def _answer(response: httpx2.Response) -> Any:
    status = response.status_code
    if status in (429, 503):
        wait = response.headers.get("Retry-After", "")
        raise Transient(
            f"The register is busy ({status}).", retry_after=float(wait) if wait.isdecimal() else None
        )
    if status >= 500 and status != 500:
        raise Transient(f"The register or something before it failed ({status}).")
    if len(response.content) > MOST_BYTES:
        raise Broken("What came back is longer than any answer of a register.")
    try:
        return response.json()
    except ValueError:
        if status >= 500:
            raise Transient(f"The register failed ({status}).") from None
        raise Broken(f"What came back is no answer of a register ({status}).") from None


@cache
def _opened() -> httpx2.Client:
    return httpx2.Client(headers={"Accept": "application/json"}, trust_env=False, follow_redirects=False)


def _client() -> httpx2.Client:
    with _opening:
        return _opened()
