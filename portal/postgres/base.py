"""The Django database engine of the embedded cluster: PostgreSQL's own, which starts the server on demand.

A command that opens no connection starts nothing. A server that was killed is started again by the next
connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient as PostgresClient
from django.db.utils import OperationalError

from portal.postgres.cluster import Access, Cluster, EmbeddedPostgresFailure


class DatabaseClient(PostgresClient):
    """`manage.py dbshell` with the psql of the server's own version."""

    connection: DatabaseWrapper

    def runshell(self, parameters: Iterable[str]) -> None:
        """Open psql on the database of this connection."""
        self.executable_name = str(self.connection.cluster.tool("psql"))
        self.connection.ensure_connection()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows the folder of its cluster instead of an address."""

    client_class = DatabaseClient

    @property
    def cluster(self) -> Cluster:
        """The cluster that the settings name."""
        embedded = self.settings_dict["EMBEDDED"]
        return Cluster(Path(embedded["root"]), durable=embedded.get("durable", True))

    def get_connection_params(self) -> dict[str, Any]:
        """Fill in where the cluster listens, making and starting it the first time."""
        self._point_at(self.cluster.access() or self._ensure())
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect first; only when that fails look after the server, and connect once more."""
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            self._point_at(self._ensure())
            return super().get_new_connection(super().get_connection_params())

    def _ensure(self) -> Access:
        try:
            return self.cluster.ensure(self.settings_dict["EMBEDDED"]["database"])
        except EmbeddedPostgresFailure as failure:
            raise OperationalError(str(failure)) from failure

    def _point_at(self, access: Access) -> None:
        self.settings_dict.update(
            HOST=access.host, PORT=str(access.port), USER=access.user, PASSWORD=access.password
        )
