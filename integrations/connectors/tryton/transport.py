"""Calls to Tryton over JSON-RPC: one session, bounded times, errors sorted by what they mean.

Its quirks are from measurements of 8.2.1: business errors are HTTP 200 with "error", infrastructure
errors are HTTP statuses with HTML; without gzip accepted it lies about the encoding; a failed sign-in is
throttled for minutes, so that nothing here ever signs in twice in a row.
"""

import base64
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from django.conf import settings

from core.actor import current_actor
from integrations.connectors.tryton.values import decode, encode
from integrations.failures import Broken, CallFailed, Transient, UnknownOutcome
from integrations.masking import masked
from integrations.pace import wait_for_turn
from integrations.patience import seconds_left
from integrations.systems import ERP

# Shorter than any server keeps an idle connection, so that a call never meets a closed one.
KEEP_IDLE = 1.5
SIGN_IN_PAUSE = 300.0
SAID_NO = {"UserError", "UserWarning"}


class ErpSaidNo(Exception):
    """A business error: the call was understood and rolled back. text: as Tryton put it, in English."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(masked(text))
        self.kind = kind
        self.text = " ".join(text.split())[:1000]


@dataclass(frozen=True)
class Access:
    """Where Tryton is and as whom we sign in; times in seconds.

    password: asked anew at each sign-in, so that it can be changed without a restart (SEC-03).
    """

    url: str
    database: str
    user: str
    password: Callable[[], str]
    connect_seconds: float = 3.0
    read_seconds: float = 35.0
    total_seconds: float = 60.0


def access() -> Access:
    """The access that the settings state. Raises Transient when there is none: then all waits for it."""
    erp: dict[str, Any] = settings.ERP
    if not erp["url"] or not erp["user"]:
        raise Transient("No ERP is set: give ERP_URL, ERP_USER and a password.", is_absent=True)
    return Access(
        url=erp["url"].rstrip("/"),
        database=erp["database"],
        user=erp["user"],
        password=lambda: _password(erp),
        connect_seconds=erp["connect_seconds"],
        read_seconds=erp["read_seconds"],
        total_seconds=erp.get("total_seconds", 60.0),
    )


def _password(erp: dict[str, Any]) -> str:
    file = erp.get("password_file")
    return Path(file).read_text().strip() if file else str(erp["password"])


class Tryton:
    """A signed-in connection; any number of threads may call at once.

    take_turn: waits until one more request may be made. calls: how many were made. clock: the
    server's time at its last answer.
    """

    def __init__(self, access: Access, take_turn: Callable[[], None] = lambda: None) -> None:
        self.access = access
        self.take_turn = take_turn
        self.calls = 0
        self.clock: datetime | None = None
        self._session: str | None = None
        self._signing_in = threading.Lock()
        self._client = httpx2.Client(
            headers={"Content-Type": "application/json", "Accept-Encoding": "gzip"},
            limits=httpx2.Limits(max_connections=8, keepalive_expiry=KEEP_IDLE),
            trust_env=False,
        )

    def call(self, method: str, *params: Any, context: dict[str, Any] | None = None) -> Any:
        """Call a method that only reads, or that may be called twice without harm.

        method: such as "model.party.party.search_read". Raises ErpSaidNo, Transient or Broken.
        """
        return self._call(method, params, context, writes=False)

    def write(self, method: str, *params: Any, context: dict[str, Any] | None = None) -> Any:
        """Call a method that changes something: a lost answer raises UnknownOutcome."""
        return self._call(method, params, context, writes=True)

    def server_version(self) -> str:
        """The version of the server; needs neither database nor session."""
        return str(self._exchange("/rpc/", "common.server.version", [], {}, writes=False))

    def _call(
        self, method: str, params: tuple[Any, ...], context: dict[str, Any] | None, writes: bool
    ) -> Any:
        whole = {"language": "en", **(context or {})}
        session = self._session or self._sign_in(None)
        try:
            return self._exchange(self._path, method, [*params, whole], _session(session), writes=writes)
        except _SessionGone:
            session = self._sign_in(session)
        try:
            return self._exchange(self._path, method, [*params, whole], _session(session), writes=writes)
        except _SessionGone:
            raise Broken("The ERP refuses the session that it has just given.") from None

    @property
    def _path(self) -> str:
        return f"/{self.access.database}/rpc/"

    def _sign_in(self, gone: str | None) -> str:
        """A session; when many calls lose theirs at once, the first signs in for all."""
        with self._signing_in:
            if self._session is not None and self._session != gone:
                return self._session
            self._session = None
            params = [self.access.user, {"password": self.access.password()}, "en"]
            try:
                answer = self._exchange(self._path, "common.db.login", params, {}, writes=False)
            except (_SessionGone, ErpSaidNo):
                raise _refused_sign_in() from None
            if not answer:
                raise _refused_sign_in()
            user_id, token = answer[0], answer[1]
            plain = f"{self.access.user}:{user_id}:{token}".encode()
            self._session = base64.b64encode(plain).decode()
            return self._session

    def _exchange(
        self, path: str, method: str, params: list[Any], headers: dict[str, str], *, writes: bool
    ) -> Any:
        self.calls += 1
        actor = current_actor()
        if actor is not None:
            headers = {**headers, "X-Correlation-Id": actor.correlation_id}
        body = encode({"id": self.calls, "method": method, "params": params})
        status, answered, content = self._post(path, body, headers, writes=writes)
        if status != 200:
            raise _failure_of(status, answered, writes=writes)
        return _result_of(content, writes=writes)

    def _post(
        self, path: str, body: bytes, headers: dict[str, str], *, writes: bool
    ) -> tuple[int, httpx2.Headers, bytes]:
        """One HTTP exchange within connect, read and total limits (INT-25), when it is our turn (INT-23)."""
        self.take_turn()
        left = seconds_left(self.access.total_seconds)
        if left <= 0:
            # Nothing was sent: what was done so far is found again, and the rest follows.
            raise Transient("The ERP took too long for all of it; it goes on where it stopped.", is_late=True)
        deadline = time.monotonic() + left
        timeout = httpx2.Timeout(
            min(self.access.read_seconds, left), connect=min(self.access.connect_seconds, left), pool=left
        )
        lost = UnknownOutcome if writes else Transient
        try:
            with self._client.stream(
                "POST", self.access.url + path, content=body, headers=headers, timeout=timeout
            ) as response:
                parts = []
                for part in response.iter_bytes():
                    parts.append(part)
                    if time.monotonic() > deadline:
                        raise lost("The ERP's answer did not end in time.", is_absent=True, is_late=True)
                self._note_clock(response.headers)
                return response.status_code, response.headers, b"".join(parts)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            is_late = isinstance(error, httpx2.ConnectTimeout)
            reason = "The ERP was not reached."
            raise Transient(reason, is_absent=True, is_late=is_late) from None
        except httpx2.TimeoutException as error:
            reason = f"The ERP did not answer in time ({type(error).__name__})."
            raise lost(reason, is_absent=True, is_late=True) from None
        except httpx2.DecodingError:
            raise lost("The ERP's answer could not be unpacked.") from None
        except httpx2.TransportError as error:
            raise lost(f"The connection to the ERP broke ({type(error).__name__}).") from None

    def _note_clock(self, headers: httpx2.Headers) -> None:
        try:
            self.clock = parsedate_to_datetime(headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            self.clock = datetime.now(UTC)


class _SessionGone(Exception):
    """The session has expired, or the sign-in was refused."""


def _session(token: str) -> dict[str, str]:
    return {"Authorization": f"Session {token}"}


def _refused_sign_in() -> CallFailed:
    # Paused for minutes, for all workers: Tryton locks an account whose sign-ins fail in a row.
    return Transient(
        "The ERP does not accept the portal's sign-in: check its user and password.",
        retry_after=SIGN_IN_PAUSE,
        is_absent=True,
    )


def _failure_of(status: int, headers: httpx2.Headers, *, writes: bool) -> Exception:
    """What an HTTP status other than 200 means. 503 and 429 say that nothing was done."""
    if status == 401:
        return _SessionGone()
    if status in (429, 503):
        return Transient(f"The ERP is busy ({status}).", retry_after=_retry_after(headers))
    if status == 404:
        return Transient("The ERP does not know our database.", is_absent=True)
    if status >= 500:
        lost = UnknownOutcome if writes else Transient
        return lost(f"The ERP or something before it failed ({status}).")
    return Broken(f"The ERP does not take this call ({status}).")


def _retry_after(headers: httpx2.Headers) -> float | None:
    value = headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(0.0, wait)


def _result_of(content: bytes, *, writes: bool) -> Any:
    try:
        answer = decode(content)
        is_answer = isinstance(answer, dict) and ("result" in answer or "error" in answer)
    except (ValueError, KeyError, TypeError):
        is_answer = False
    if not is_answer:
        lost = UnknownOutcome if writes else Transient
        raise lost("What came back is not an answer of the ERP.")
    if "error" in answer:
        raise _error_of(answer["error"])
    return answer["result"]


def _error_of(error: Any) -> Exception:
    """Business errors carry their kind first; anything else is a mistake of a program."""
    parts = error if isinstance(error, list) else [str(error)]
    kind = str(parts[0]) if parts else ""
    if kind == "ConcurrencyException":
        return Transient("Somebody changed the record in the ERP at the same time.")
    if kind == "LoginException":
        return _SessionGone()
    if kind in SAID_NO:
        said = parts[1] if len(parts) > 1 else ""
        texts = [said] if isinstance(said, str) else [str(part) for part in said if isinstance(part, str)]
        if kind == "UserWarning":
            # [name, message, description]: the name is a key and nothing to read.
            texts = [str(part) for part in parts[1][1:2]] if isinstance(said, list) else texts
        return ErpSaidNo(kind, texts[0] if texts else "")
    return Broken(f"The ERP does not understand this call: {masked(kind)}")


_connections: dict[int, Tryton] = {}
_opening = threading.Lock()


def connection() -> Tryton:
    """The connection of this process, opened at its first use; a forked worker gets its own."""
    wanted = access()
    with _opening:
        found = _connections.get(os.getpid())
        if found is None or not _same(found.access, wanted):
            found = _connections[os.getpid()] = Tryton(wanted, partial(wait_for_turn, ERP))
        return found


def _same(one: Access, other: Access) -> bool:
    names = ("url", "database", "user", "connect_seconds", "read_seconds", "total_seconds")
    return all(getattr(one, name) == getattr(other, name) for name in names)
