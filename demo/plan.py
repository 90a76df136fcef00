"""What to start and where: the wishes of a demo, a story or a test for its own stack."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from demo.environment import say
from portal.postgres.cluster import Cluster


@dataclass(frozen=True)
class Template:
    """A portal database to clone, and the folder with the files that belong to it."""

    database: str
    folder: Path


@dataclass(frozen=True)
class Plan:
    """What to start, and where.

    root: the folder for everything that is stored. port, erp_port: 0 chooses a free one.
    cluster: where the databases lie; the root's own unless given. template: what to clone instead of
    beginning with nothing; such databases are thrown away at the end.
    front_erp: gets the ERP's address and returns the one to give to the portal (a proxy between them).
    variables: more environment variables for the portal.
    """

    root: Path
    port: int = 0
    erp_port: int = 0
    erp_kind: str = "sqlite"
    database: str = "accord"
    cluster: Cluster | None = None
    template: Template | None = None
    is_dev: bool = False
    front_erp: Callable[[str], str] | None = None
    variables: dict[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] = say


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number
