"""A pytest plugin: keeps which tests ran, how they ended and which requirement rows they name.

`pytest -p tests.report --test-report FILE` writes {"tests": {node id: {"outcome", "rows"}}}, also under
xdist; `make requirements` reads it. FILE with the ending .failed names what has failed so far, line by line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROW = "requirement"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the name of the report."""
    parser.addoption("--test-report", metavar="FILE", help="write outcomes and requirement rows here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the rows of each test among its properties: they travel from the workers to the report."""
    for item in items:
        rows = {row for mark in item.iter_markers("req") for row in mark.args}
        item.user_properties += [(ROW, row) for row in sorted(rows)]


def pytest_configure(config: pytest.Config) -> None:
    """Listen, unless this process is one of xdist's workers."""
    path = config.getoption("--test-report")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(Path(path)), "test-report")


class Report:
    """Collects outcomes; a test that fails in any phase has failed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = path.with_suffix(".failed")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.failed.unlink(missing_ok=True)
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of a test's phases."""
        entry = self.tests.setdefault(report.nodeid, {"outcome": "passed", "rows": []})
        entry["rows"] = sorted({value for name, value in report.user_properties if name == ROW})
        if report.outcome != "passed" and entry["outcome"] != "failed":
            entry["outcome"] = report.outcome
            if report.failed:
                # A run of many minutes says at once what has failed, also when it is stopped.
                with self.failed.open("a") as failed:
                    failed.write(f"{report.nodeid}\n")

    def pytest_sessionfinish(self) -> None:
        """Write everything at once, whole or not at all."""
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps({"tests": self.tests}, indent=1, sort_keys=True))
        draft.replace(self.path)
