"""A pytest plugin for tests/requirements.py: prints each collected test with the rows it names."""

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """One line a test: rows, the test, its rows."""
    for item in session.items:
        rows = {row for mark in item.iter_markers("req") for row in mark.args}
        if rows:
            print(f"rows\t{item.nodeid}\t{' '.join(sorted(rows))}")
