"""The life of the test cluster: it ends with the last run that uses it, and dead runs leave nothing behind."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from django.conf import settings
from psycopg import sql

from portal.postgres.cluster import Access, Cluster

if TYPE_CHECKING:
    import pytest


class ClusterInUse:
    """A pytest plugin that counts this run among the users of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.use = cluster.in_use()
        self.use.__enter__()

    def pytest_unconfigure(self) -> None:
        """End the cluster, unless another run uses it."""
        self.use.__exit__(None, None, None)


def cluster_of_tests() -> Cluster:
    """Return the cluster of this checkout's tests; demos cloned for tests lie in it too."""
    embedded = settings.DATABASES["default"].get("EMBEDDED")
    root = Path(embedded["root"]) if embedded else settings.BASE_DIR / "var" / "test-postgres"
    return Cluster(root, durable=False)


def take_part(config: pytest.Config) -> None:
    """Register this run with the cluster, unless it is one of xdist's workers: their head is registered."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ClusterInUse(cluster_of_tests()))


def drop_leftovers(access: Access) -> None:
    """Drop the databases of runs whose process is gone; the number in their name is the process's."""
    with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database")
        for (name,) in names.fetchall():
            owner = re.match(r"(?:test_accord|(?:erp_)?accord_clone)_(\d+)", name)
            if owner and os.path.isdir("/proc/self") and not Path(f"/proc/{owner[1]}").exists():
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )


def migrated_template(cluster: Cluster) -> str:
    """Return the name of a database with all migrations in, made once for these migrations, to be cloned."""
    digest = hashlib.sha256((settings.BASE_DIR / "requirements-dev.lock").read_bytes())
    # What follows each migrate beside the migrations: the triggers of the history, and the staff's groups.
    after = [
        settings.BASE_DIR / name for name in ("core/triggers.py", "core/history.py", "accounts/staff.py")
    ]
    for file in [*sorted(settings.BASE_DIR.glob("*/migrations/*.py")), *after]:
        digest.update(file.read_bytes())
    name = f"migrated_{digest.hexdigest()[:16]}"
    with cluster.root.with_name(f"{cluster.root.name}.migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        access = cluster.ensure()
        with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
            present = [row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()]
            if name in present:
                return name
            for old in (known for known in present if known.startswith("migrat")):
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
            cluster.ensure("migrating")
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                cwd=settings.BASE_DIR,
                env={**os.environ, "DATABASE_URL": access.url("migrating"), "PORTAL_EMBEDDED_DB": "1"},
                check=True,
            )
            # Tests begin with a past in which nothing happened yet.
            with psycopg.connect(access.url("migrating"), autocommit=True) as migrated:
                migrated.execute("ALTER TABLE core_rowchange DISABLE TRIGGER core_rowchange_history_whole")
                migrated.execute("TRUNCATE core_rowchange")
                migrated.execute("ALTER TABLE core_rowchange ENABLE TRIGGER core_rowchange_history_whole")
            connection.execute(sql.SQL("ALTER DATABASE migrating RENAME TO {}").format(sql.Identifier(name)))
    return name


if __name__ == "__main__":  # ahead of the tests, beside the checks
    if settings.DATABASES["default"].get("EMBEDDED"):
        migrated_template(cluster_of_tests())
