"""`make requirements`: each requirement row with the tests that name it and how they ended.

The rows stand in docs/requirements.md; this brings the names of the tests there up to date (--check
only compares) and prints the table with results. The outcomes are those of the last full test run; without
one, the tests are run first. The last line is "shown=N of 374": a row is shown only if every test naming it passed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TABLE = PROJECT / "docs" / "requirements.md"
REPORT = PROJECT / "var" / "test-report.json"
ROW = re.compile(r"^\| (?P<id>[A-Z]{2,4}-\d{2}) \| (?P<text>.*?) \| (?P<tests>[^|]*?) ?\|$")
MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}


def main() -> int:
    """Print the table; write or check the committed one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="fail when docs/requirements.md is not up to date"
    )
    parser.add_argument("--write", action="store_true", help="only bring docs/requirements.md up to date")
    options = parser.parse_args()
    table = TABLE.read_text()
    if options.write:
        TABLE.write_text(with_tests(table, named(collected())))
        return 0
    if options.check:
        return 0 if table == with_tests(table, named(collected())) else _outdated()
    if not REPORT.exists():
        subprocess.run([sys.executable, "-m", "tests.run"], cwd=PROJECT, check=False)
    outcomes = json.loads(REPORT.read_text())["tests"]
    TABLE.write_text(with_tests(table, named({node: entry["rows"] for node, entry in outcomes.items()})))
    show(table, outcomes)
    return 0


def collected() -> dict[str, list[str]]:
    """Every test of the project with the rows it names, without running any."""
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.requirements_listing", "--collect-only", "-qq"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise SystemExit(f"the tests cannot be collected:\n{finished.stdout}{finished.stderr}")
    lines = [line[5:] for line in finished.stdout.splitlines() if line.startswith("rows\t")]
    return {node: rows.split() for node, _, rows in (line.partition("\t") for line in lines)}


def named(rows_by_test: dict[str, list[str]]) -> dict[str, list[str]]:
    """{row: the tests that name it}; a test with parameters once, as tests/app/file.py::name."""
    result: dict[str, set[str]] = {}
    for node, rows in rows_by_test.items():
        for row in rows:
            result.setdefault(row, set()).add(node.split("[", 1)[0])
    return {row: sorted(tests) for row, tests in result.items()}


def with_tests(table: str, tests_by_row: dict[str, list[str]]) -> str:
    """The table with the column of tests brought up to date. Raises SystemExit for unknown rows."""
    known = {match["id"] for line in table.splitlines() if (match := ROW.match(line))}
    unknown = sorted(set(tests_by_row) - known)
    if unknown:
        raise SystemExit(f"tests name rows that are not in docs/requirements.md: {', '.join(unknown)}")
    lines = []
    for line in table.splitlines():
        match = ROW.match(line)
        if match:
            tests = "<br>".join(f"`{name}`" for name in tests_by_row.get(match["id"], []))
            line = f"| {match['id']} | {match['text']} | {tests} |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def show(table: str, outcomes: dict[str, dict[str, object]]) -> None:
    """Print each row with its tests and their results, and the count."""
    results: dict[str, list[tuple[str, str]]] = {}
    for node, entry in sorted(outcomes.items()):
        for row in entry["rows"]:  # type: ignore[attr-defined]
            results.setdefault(row, []).append((node, str(entry["outcome"])))
    rows = [match for line in table.splitlines() if (match := ROW.match(line))]
    shown = 0
    for match in rows:
        tests = results.get(match["id"], [])
        good = bool(tests) and all(outcome == "passed" for _, outcome in tests)
        shown += good
        print(f"{'✓' if good else ' '} {match['id']} {match['text']}")
        for node, outcome in tests:
            print(f"      {MARKS.get(outcome, outcome)} {node}")
    print(f"shown={shown} of {len(rows)}")


def _outdated() -> int:
    print("docs/requirements.md does not name the tests there are: run make requirements", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
