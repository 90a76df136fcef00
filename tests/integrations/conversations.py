"""Golden conversations with the ERP: recorded once from a real one, then held against every call and record.

A conversation is what we sent and what came back, call by call, as JSON on the wire. The player stands where
the ERP would: it takes exactly the calls of the file, in their order, and gives the recorded answers. The recorder
stands between and keeps answers short: the first rows of each, and nothing behind them.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from integrations.connectors.tryton.transport import Access, Tryton

Call = dict[str, Any]
# Of the connection itself, and the same for every conversation.
UNTOLD = ("common.db.login", "common.server.version")
ROWS = 3


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    date = ""
    server: _Server

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The clock of the ERP in this conversation."""
        return self.server.date or super().date_time_string(timestamp)

    def do_POST(self) -> None:
        """Answer one call."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        content = gzip.compress(json.dumps(self.server.answer(self.path, body, dict(self.headers))).encode())
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    date = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """What goes back for a call."""
        raise NotImplementedError


class Player(_Server):
    """Takes the calls of a file in their order. differing: the first call that was another than the file's."""

    def __init__(self, calls: list[Call], date: str) -> None:
        super().__init__()
        self.left, self.date, self.differing = list(calls), date, None

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """The recorded answer, or a mistake that ends the conversation."""
        asked = json.loads(body)
        if asked["method"] in UNTOLD:
            return {"result": [1, "session"]}
        found = {"method": asked["method"], "params": asked["params"]}
        expected = self.left.pop(0) if self.left else None
        if expected is None or found != {"method": expected["method"], "params": expected["params"]}:
            self.differing = self.differing or {"found": found, "expected": expected}
            return {"error": ["OtherCall"]}
        return {"result": expected["result"]}


class Recorder(_Server):
    """Hands calls on to the ERP and keeps what was said, shortened as it is answered."""

    def __init__(self, target: str, *, rows: int | None) -> None:
        super().__init__()
        self.target, self.rows, self.calls = target, rows, []

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """The ERP's answer: of rows the first ones, and a count of none behind them."""
        asked, to = json.loads(body), urlsplit(self.target)
        connection = HTTPConnection(to.hostname or "", to.port or 80, timeout=60)
        kept = {
            name: value
            for name, value in headers.items()
            if name.lower() in ("authorization", "content-type")
        }
        connection.request("POST", path, body, {**kept, "Accept-Encoding": "gzip"})
        reply = connection.getresponse()
        content = reply.read()
        if reply.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        self.date = self.date or reply.getheader("Date") or ""
        answer: dict[str, Any] = json.loads(content)
        if asked["method"] in UNTOLD:
            return answer
        result = answer.get("result")
        if asked["method"].endswith(".search_read"):
            result = result[: self.rows]
        elif asked["method"].endswith(".search_count"):
            result = 0
        elif asked["method"].endswith(".fields_get"):
            result = {name: {} for name in ("portal_key", "sale_units", "licences") if name in result}
        self.calls.append({"method": asked["method"], "params": asked["params"], "result": result})
        return {**answer, "result": result}


@contextmanager
def erp_behind(server: _Server, *, database: str, password: str) -> Iterator[Tryton]:
    """A connection of the connector's own whose other end is this server."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Tryton(Access(url, database, "portal", lambda: password))
    finally:
        server.shutdown()
        server.server_close()
