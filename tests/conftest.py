"""What every test may use: the database of this run, and the cast."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from portal.postgres.cluster import Cluster
from tests.databases import drop_leftovers, take_part


def pytest_configure(config: pytest.Config) -> None:
    """Count this run among the users of the test cluster."""
    take_part(config)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Clear away what killed runs left, before this run makes its own database."""
    embedded = settings.DATABASES["default"].get("EMBEDDED")
    if embedded:
        drop_leftovers(Cluster(Path(embedded["root"]), durable=False).ensure())
