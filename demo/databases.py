"""Databases that are cloned in a second and thrown away after use."""

from __future__ import annotations

import psycopg
from psycopg import sql

from portal.postgres.cluster import Cluster


def clone(cluster: Cluster, template: str, name: str) -> str:
    """Make a database as a copy of another that nobody is connected to, and return its address."""
    access = cluster.ensure()
    with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
        names = [sql.Identifier(name), sql.Identifier(template)]
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    return access.url(name)


def rename(cluster: Cluster, name: str, new: str) -> None:
    """Give a database another name."""
    with psycopg.connect(cluster.ensure().url("postgres"), autocommit=True) as connection:
        names = [sql.Identifier(name), sql.Identifier(new)]
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def drop(cluster: Cluster, *names: str) -> None:
    """Throw databases away, whoever is connected to them; of a cluster that does not run, nothing."""
    access = cluster.access()
    if access is None or not cluster.is_running():
        return
    with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
        for name in names:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def names_of(cluster: Cluster) -> list[str]:
    """Return the names of the databases in a cluster."""
    with psycopg.connect(cluster.ensure().url("postgres"), autocommit=True) as connection:
        return [str(name) for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
