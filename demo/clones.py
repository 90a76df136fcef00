"""A demo made once and cloned in a second: for story and browser tests, which change what they touch.

The template is a portal database after its first synchronisation, the ERP's own template that it was
synchronised with, and the files that belong to them. It is made anew when the code that fills it changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql

from demo.environment import PROJECT, say
from demo.stack import Plan, Stack, Template
from portal.postgres.cluster import Cluster

FILLED_BY = ("core", "accounts", "catalog", "pricing", "orders", "quotes", "integrations", "demo")
FILES = ("demo", "erp", "pim", "media", "secret-key")


def cloned_stack(
    cluster: Cluster, root: Path, name: str, plan: Plan | None = None, *, erp_kind: str = "postgresql"
) -> Stack:
    """Return a stack on databases of its own, cloned from the template; its data goes when it stops.

    cluster: where template and clones lie. root: an empty folder for its files. name: of its database,
    unique in the cluster. plan: ports, a proxy and other wishes. erp_kind: where the ERP keeps its data;
    postgresql shows its locks, sqlite is quicker to build.
    """
    template = ensure_template(cluster, erp_kind)
    for file in FILES:
        _copy(template.folder / file, root / file)
    wishes = plan or Plan(root)
    return Stack(
        replace(wishes, root=root, cluster=cluster, database=name, erp_kind=erp_kind, template=template)
    )


def ensure_template(cluster: Cluster, erp_kind: str, tell: Callable[[str], None] = say) -> Template:
    """Return the template that fits this code, making it if there is none; one process makes it."""
    folder = cluster.root.with_name(f"{cluster.root.name}-template-{erp_kind}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f"accord_template_{erp_kind}_"
    database = prefix + _digest()
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        access = cluster.ensure()
        with psycopg.connect(access.url("postgres"), autocommit=True) as connection:
            names = connection.execute("SELECT datname FROM pg_database").fetchall()
            present = [name for (name,) in names if name.startswith(prefix)]
            if database not in present:
                tell("Making the demo that is cloned from now on (some two minutes, once) ...")
                plan = Plan(folder, database="accord_draft", cluster=cluster, erp_kind=erp_kind, tell=tell)
                _make(plan, connection, database)
                for old in present:
                    _drop(connection, old)
    return Template(database, folder)


def _make(plan: Plan, connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    drafts = (plan.database, f"erp_{plan.database}")
    shutil.rmtree(plan.root, ignore_errors=True)
    if plan.erp_kind == "sqlite":
        _borrow_erp(plan.root / "erp")
    for name in drafts:
        _drop(connection, name)
    with Stack(plan):
        pass
    _drop(connection, drafts[1])
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(plan.database), sql.Identifier(database)))


def _borrow_erp(folder: Path) -> None:
    """Copy the ERP's own template from this checkout's demo, if that has built one: whole files of this seed."""
    for file in (PROJECT / "var" / "erp").glob("erp_template_*.sqlite"):
        if not file.stem.endswith("_work"):
            _copy(file, folder / file.name)


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _digest() -> str:
    digest = hashlib.sha256((PROJECT / "requirements.lock").read_bytes())
    for app in FILLED_BY:
        for file in sorted((PROJECT / app).rglob("*.py")) + sorted((PROJECT / app).rglob("*.json")):
            if "telling" in file.parts:  # the story plays on a clone and fills nothing
                continue
            digest.update(str(file.relative_to(PROJECT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
