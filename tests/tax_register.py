"""A register of tax ids in the form of VIES: its own process with its own state, told over HTTP what it knows and what fails.

python tests/tax_register.py        prints {"listening": "http://127.0.0.1:PORT"}

POST /check-vat-number   {"countryCode": "AT", "vatNumber": "U62047136", ...}   as VIES answers it
GET  /check-status       whether it is there

PUT  /-/numbers   {"ATU62047136": {"name": "...", "address": "..."}}   what is valid; everything else is not
PUT  /-/fault     {"error": "MS_UNAVAILABLE"}, {"status": 503, "retry_after": "2"}, {"garbage": true}, {"hang": 5}; {} heals
GET  /-/seen      the questions that came; PUT empties them
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

numbers: dict[str, dict[str, str]] = {}
fault: dict[str, Any] = {}
seen: list[dict[str, Any]] = []


class Register(BaseHTTPRequestHandler):
    """Answers as VIES does, wrong where it is told to be."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_PUT(self) -> None:
        """What it knows, and what fails."""
        told = self._body()
        if self.path == "/-/seen":
            seen.clear()
        else:
            kept = numbers if self.path == "/-/numbers" else fault
            kept.clear()
            kept.update(told or {})
        self._answer(200, {})

    def do_GET(self) -> None:
        """Whether it is there; what was asked."""
        if self.path == "/-/seen":
            self._answer(200, seen)
        elif not self._fails():
            self._answer(200, {"vow": {"available": True}})

    def do_POST(self) -> None:
        """One number."""
        asked = self._body()
        seen.append({**asked, "correlation_id": self.headers.get("X-Correlation-Id", "")})
        if self._fails():
            return
        key = f"{asked['countryCode']}{asked['vatNumber']}"
        known = numbers.get(key)
        own = asked.get("requesterNumber")
        self._answer(
            200,
            {
                "countryCode": asked["countryCode"],
                "vatNumber": asked["vatNumber"],
                "requestDate": datetime.now(UTC).isoformat(),
                "valid": known is not None,
                "requestIdentifier": f"WAPI{len(seen):08}" if own and known is not None else "",
                "name": known["name"] if known else "---",
                "address": known["address"] if known else "---",
            },
        )

    def _fails(self) -> bool:
        if "hang" in fault:
            time.sleep(fault["hang"])
        if "error" in fault:
            self._answer(400, {"actionSucceed": False, "errorWrappers": [{"error": fault["error"]}]})
        elif "status" in fault:
            self._answer(fault["status"], {}, retry_after=fault.get("retry_after", ""))
        elif "answer" in fault:
            self._answer(200, fault["answer"])
        elif "garbage" in fault:
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"<html>")
        else:
            return False
        return True

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        return json.loads(self.rfile.read(length) or b"{}")

    def _answer(self, status: int, content: Any, *, retry_after: str = "") -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Register)
    print(json.dumps({"listening": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)  # noqa: T201
    server.serve_forever()
