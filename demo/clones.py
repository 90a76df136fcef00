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

from demo.databases import drop, names_of, rename
from demo.environment import PROJECT, say
from demo.plan import Plan, Template
from demo.stack import Stack
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
        present = [name for name in names_of(cluster) if name.startswith(prefix)]
        if database not in present:
            tell("Making the demo that is cloned from now on (some two minutes, once) ...")
            plan = Plan(folder, database="accord_draft", cluster=cluster, erp_kind=erp_kind, tell=tell)
            _make(plan, cluster, database)
            drop(cluster, *present)
    return Template(database, folder)


def _make(plan: Plan, cluster: Cluster, database: str) -> None:
    erp_database = f"erp_{plan.database}"
    shutil.rmtree(plan.root, ignore_errors=True)
    drop(cluster, plan.database, erp_database)
    with Stack(plan):
        pass
    drop(cluster, erp_database)
    rename(cluster, plan.database, database)


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
