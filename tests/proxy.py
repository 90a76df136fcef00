"""A fault proxy in front of the ERP: its own process, HTTP, told over HTTP what to spoil.

    python tests/proxy.py http://127.0.0.1:8069        prints {"listening": "http://127.0.0.1:PORT"}

    PUT  /-/faults   [{"method": "sale.sale.create", "fault": "drop_after", "times": 1}, ...]
    PUT  /-/limit    {"per_second": 10, "burst": 10, "retry_after": "1"}   more are answered with 429
    PUT  /-/weather  {"seed": 7, "writes": 0.3, "reads": 0.05}      faults by chance; {} is fair weather
    GET  /-/seen     [{"method": ..., "correlation_id": ..., "fault": ...}, ...]   PUT empties it

Faults: delay (seconds), status (status, retry_after), drop_before (nothing reaches the ERP), drop_after (the
ERP does it, the answer is lost), garbage (it does it, the answer is nonsense), hang (it is reached, but never
answers within `seconds`), refuse (the connection is closed at once, for every call), twice (it reaches the ERP
two times), cut (of the rows that it gives only the first half arrives), none (its rows do not arrive at all, and
the answer is whole otherwise), late (the connection is cut at once, and the call reaches the ERP `seconds` later, after whatever its
sender has done meanwhile). `method` is a part of the JSON-RPC method; times: how often, -1 for ever; spared: how
many calls of it are let through first. retry_after "date" says one second as a date. With "nothing" for an ERP the
proxy itself answers every call with a session.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import sys
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# The calls that change something in the ERP, as the portal makes them.
WRITES = (
    "sale.create",
    "sale.quote",
    "sale.confirm",
    "sale.process",
    "sale.cancel",
    "sale.draft",
    "sale.delete",
)
BAD_WRITES = ("drop_before", "drop_after", "garbage", "busy", "throttled", "delay", "twice", "late")
BAD_READS = ("drop_before", "drop_after", "garbage", "busy", "throttled", "delay")
HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass
class Fault:
    """What to do to the calls of a method, and how often still."""

    method: str
    fault: str
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    retry_after: str = ""
    spared: int = 0


@dataclass
class Limit:
    """A bucket of tokens, as the ERPs of others keep one: per_second come in, at most `burst` lie there."""

    per_second: float
    burst: int = 1
    retry_after: str = "1"
    tokens: float = 0.0
    at: float = 0.0

    def passes(self) -> bool:
        """Take a token for a call, if there is one."""
        now = time.monotonic()
        come = (now - self.at) * self.per_second if self.at else self.burst
        self.tokens, self.at = min(self.burst, self.tokens + come), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    @property
    def header(self) -> str:
        """What Retry-After says."""
        return formatdate(time.time() + 1, usegmt=True) if self.retry_after == "date" else self.retry_after


@dataclass
class Weather:
    """How often a call is spoiled by chance; writes, reads: parts of one."""

    seed: int = 0
    writes: float = 0.0
    reads: float = 0.0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def fault_of(self, method: str) -> Fault | None:
        """The fault that this call meets, if any. Signing in is spared: Tryton locks out who fails at it."""
        if method.startswith("common."):
            return None
        is_write = method.endswith(WRITES)
        if self.chance.random() >= (self.writes if is_write else self.reads):
            return None
        kind = self.chance.choice(BAD_WRITES if is_write else BAD_READS)
        if kind == "busy":
            return Fault(method, "status", status=503)
        if kind == "throttled":
            return Fault(method, "status", status=429, retry_after="1")
        return Fault(method, kind, seconds=round(self.chance.uniform(0.2, 2.0), 1))


class State:
    """The faults to come, the limit, and the calls that came."""

    def __init__(self) -> None:
        self.limit: Limit | None = None
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.weather = Weather()
        self.seen: list[dict[str, Any]] = []

    def note(self, method: str, correlation_id: str) -> Fault | None:
        """Write a call down; the fault that waits for it, if any."""
        with self.lock:
            fault = next((f for f in self.faults if f.times and f.method in method), None)
            if fault is not None and fault.spared:
                fault.spared -= 1
                fault = None
            elif fault is not None:
                fault.times -= 1
            elif self.limit is not None and not self.limit.passes():
                fault = Fault(method, "limited", status=429, retry_after=self.limit.header)
            else:
                fault = self.weather.fault_of(method)
            self.seen.append(
                {"method": method, "correlation_id": correlation_id, "fault": fault.fault if fault else ""}
            )
            return fault


class Handler(BaseHTTPRequestHandler):
    """One connection: control, or a call on its way to the ERP."""

    protocol_version = "HTTP/1.1"
    state: State
    target: str

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Tell the calls that came."""
        with self.state.lock:
            self._answer(200, json.dumps(self.state.seen).encode())

    def do_PUT(self) -> None:
        """Take new faults, or forget the calls that came."""
        body = json.loads(self._body() or b"[]")
        with self.state.lock:
            if self.path == "/-/limit":
                self.state.limit = Limit(**body) if body else None
            elif self.path == "/-/faults":
                self.state.faults = [Fault(**fault) for fault in body]
            elif self.path == "/-/weather":
                self.state.weather = Weather(**body)
            else:
                self.state.seen = []
        self._answer(200, b"{}")

    def do_POST(self) -> None:
        """Pass a call on, or spoil it."""
        body = self._body()
        try:
            method = str(json.loads(body).get("method"))
        except ValueError:
            method = ""
        fault = self.state.note(method, self.headers.get("X-Correlation-Id", ""))
        kind = fault.fault if fault else ""
        if fault and kind == "delay":
            time.sleep(fault.seconds)
        if kind in ("drop_before", "refuse"):
            self._drop()
            return
        if fault and kind in ("status", "limited"):
            extra = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._answer(fault.status, b"<html>busy</html>", **extra)
            return
        if fault and kind == "hang":
            time.sleep(fault.seconds)
            self._drop()
            return
        if fault and kind == "late":
            self._drop()
            time.sleep(fault.seconds)
            self._forward(body)
            return
        if self.target == "nothing":
            self._answer(200, json.dumps({"id": 0, "result": [1, "session"]}).encode())
            return
        status, headers, content = self._forward(body)
        if kind == "twice":
            status, headers, content = self._forward(body)
        if kind in ("cut", "none"):
            content = _shortened(content, headers, nothing=kind == "none")
        if kind == "drop_after":
            self._drop()
        elif kind == "garbage":
            self._answer(200, b"<html>this is no answer</html>")
        else:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        to = urlsplit(self.target)
        connection = HTTPConnection(to.hostname or "", to.port or 80, timeout=120)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except OSError:
            return 502, [], b"<html>no ERP</html>"
        finally:
            connection.close()

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drop(self) -> None:
        """Cut the connection without an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _shortened(content: bytes, headers: list[tuple[str, str]], *, nothing: bool) -> bytes:
    """An answer as something on the way would limit it: valid, with half of its rows or none."""
    is_packed = ("content-encoding", "gzip") in {(name.lower(), value) for name, value in headers}
    answer = json.loads(gzip.decompress(content) if is_packed else content)
    rows = answer.get("result")
    if isinstance(rows, list):
        answer["result"] = [] if nothing else rows[: (len(rows) + 1) // 2]
    short = json.dumps(answer).encode()
    return gzip.compress(short) if is_packed else short


class Server(ThreadingHTTPServer):
    """Keeps quiet about clients that have given up."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Nothing to tell: a lost connection is what this is for."""


def main() -> None:
    """Serve until the process is ended."""
    Handler.state, Handler.target = State(), sys.argv[1].rstrip("/")
    server = Server(("127.0.0.1", 0), Handler)
    print(json.dumps({"listening": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
