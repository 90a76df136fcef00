"""The life of the test cluster: it ends with the last run that uses it, and dead runs leave nothing behind."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from portal.postgres.cluster import Access, Cluster


class TestCluster:
    """A pytest plugin that counts this run among the users of the cluster, by a shared lock."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        users = cluster.root.with_name(f"{cluster.root.name}.users")
        users.parent.mkdir(parents=True, exist_ok=True)
        self.users = users.open("w")
        fcntl.flock(self.users, fcntl.LOCK_SH)

    def pytest_unconfigure(self) -> None:
        """End the cluster, unless another run uses it."""
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        self.cluster.stop()


def take_part(config: pytest.Config) -> None:
    """Register this run with its cluster; a database named by DATABASE_URL is nobody's to end."""
    from django.conf import settings

    embedded = settings.DATABASES["default"].get("EMBEDDED")
    if embedded and not hasattr(config, "workerinput"):
        config.pluginmanager.register(TestCluster(Cluster(Path(embedded["root"]), durable=False)))


def drop_leftovers(access: Access) -> None:
    """Drop the databases of runs whose process is gone."""
    with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_accord\\_%'")
        for (name,) in names.fetchall():
            owner = re.match(r"test_accord_(\d+)", name)
            if owner and not Path(f"/proc/{owner[1]}").exists() and os.path.isdir("/proc/self"):
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )
