"""The demo's ERP as tests use it: its script as a process, and a bare JSON-RPC session."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from demo.environment import PROJECT, ensure

PASSWORD = "portal-Secret-8069"
CONTEXT = {"company": 1, "language": "en"}


class Refused(Exception):
    """The ERP answered with a business error; args: its kind and its message."""


@dataclass(frozen=True)
class Erp:
    """The script with its place of databases; uri: of a PostgreSQL server, else SQLite files in `state`."""

    state: Path
    uri: str = ""

    def command(self, *arguments: str) -> list[str]:
        script = str(PROJECT / "demo" / "erp" / "tryton_erp.py")
        place = ["--uri", self.uri] if self.uri else []
        return [str(ensure("erp")), script, "--state", str(self.state), *place, *arguments]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=check, timeout=900
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def serving(self, database: str) -> Iterator[Session]:
        """Serve on a free port and sign in as the portal; ends the server."""
        server = self.start("--db", database, "serve", "--port", "0")
        try:
            yield Session(heard(server)["listening"], database)
        finally:
            server.terminate()
            server.communicate(timeout=20)

    @contextmanager
    def staff(self, database: str) -> Iterator[Batch]:
        """Keep one batch of scenarios open."""
        process = self.start("--db", database, "scenario", "batch")
        assert heard(process)["ready"] == database
        try:
            yield Batch(process)
        finally:
            process.communicate(timeout=20)


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next JSON line of a process; an AssertionError with its complaint when there is none."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=20)[1]
    return json.loads(line)


@dataclass(frozen=True)
class Batch:
    """Scenarios one after the other in one process."""

    process: subprocess.Popen[str]

    def __call__(self, scenario: str, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"scenario": scenario, **arguments}) + "\n")
        self.process.stdin.flush()
        return heard(self.process)


class Session:
    """A signed-in session of the portal's technical user."""

    def __init__(self, url: str, database: str) -> None:
        self.client = httpx2.Client(base_url=url, timeout=60)
        self.path = f"/{database}/rpc/"
        user, token, _ = self._call("common.db.login", ["portal", {"password": PASSWORD}, "en"])
        key = base64.b64encode(f"portal:{user}:{token}".encode()).decode()
        self.client.headers["Authorization"] = f"Session {key}"

    def __call__(self, method: str, *parameters: Any, **context: Any) -> Any:
        return self._call(f"model.{method}", [*parameters, {**CONTEXT, **context}])

    def _call(self, method: str, parameters: list[Any]) -> Any:
        for _ in range(20):
            answer = self.client.post(self.path, json={"id": 1, "method": method, "params": parameters})
            if answer.status_code != 503:
                break
        answer.raise_for_status()
        body = json.loads(answer.text, object_hook=_decoded)
        if "error" in body:
            raise Refused(body["error"][0], str(body["error"][1]))
        return body["result"]

    def rows(self, model: str, domain: list[Any], fields: list[str], **context: Any) -> list[dict[str, Any]]:
        return self(f"{model}.search_read", domain, 0, None, [["id", "ASC"]], fields, **context)

    def ids(self, model: str, name: str) -> dict[str, int]:
        return {row[name]: row["id"] for row in self.rows(model, [], [name])}


def number(value: str) -> dict[str, str]:
    """A Decimal as the protocol writes it."""
    return {"__class__": "Decimal", "decimal": value}


def _decoded(value: dict[str, Any]) -> Any:
    return Decimal(value["decimal"]) if value.get("__class__") == "Decimal" else value
