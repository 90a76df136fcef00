"""Which database the settings get: the one that DATABASE_URL names, or the embedded one where that is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE = "accord"
# One connection lives for a minute: opening one for each request or task costs most of the throughput.
KEEP = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def database(variables: Mapping[str, str], project: Path, *, debug: bool) -> dict[str, Any]:
    """Return the DATABASES entry for these environment variables.

    DATABASE_URL always wins. Without it the embedded cluster of `project` serves development (debug) and
    whoever says PORTAL_EMBEDDED_DB=1; PORTAL_PGDATA puts it into another folder, PORTAL_PG_FLEETING=1 makes
    it fast and unsafe (tests). Production is never served by it silently.
    Raises ImproperlyConfigured with a sentence that says what to set.
    """
    url = variables.get("DATABASE_URL", "")
    if url:
        return {**_from_url(url), **KEEP}
    if debug or variables.get("PORTAL_EMBEDDED_DB") == "1":
        root = Path(variables.get("PORTAL_PGDATA") or project / "var" / "postgres")
        durable = variables.get("PORTAL_PG_FLEETING") != "1"
        return {
            "ENGINE": "portal.postgres",
            "NAME": DATABASE,
            "EMBEDDED": {"root": str(root.resolve()), "durable": durable, "database": DATABASE},
            **KEEP,
        }
    raise ImproperlyConfigured(
        "No database is named. Set DATABASE_URL=postgres://user:password@host:5432/name, "
        "or, on a machine for development only, PORTAL_EMBEDDED_DB=1."
    )


def _from_url(url: str) -> dict[str, Any]:
    if url.startswith(("postgres://", "postgresql://")):
        try:
            entry: dict[str, Any] = environ.Env.db_url_config(url)
        except ValueError as failure:
            raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {failure}") from failure
        if entry["NAME"]:
            return entry
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database: postgres://user:password@host:5432/name."
    )
