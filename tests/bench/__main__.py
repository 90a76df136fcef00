"""`make bench`: the measured figures, each beside the limit it is held against, as ratios within this run.

Works on a cluster of its own (var/bench-postgres), beside anything else that runs. Prints a line per
figure and writes var/bench.json: a list of {name, value, unit, limit, ratio, goal, ok}. `value` is ours and `limit`
what it is held against, mostly the machine at its barest; machines differ, their ratio hardly. It exits 0
whenever it could measure.

    python -m tests.bench [--rows 1000000] [--only prices,page,order,relay,rights]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path

from tests.bench.figures import Figure

PROJECT = Path(__file__).resolve().parent.parent.parent
GROUPS = ("prices", "page", "order", "relay", "rights")
os.environ.setdefault("PORTAL_EMBEDDED_DB", "1")
os.environ.setdefault("PORTAL_PGDATA", str(PROJECT / "var" / "bench-postgres"))
os.environ.setdefault("PORTAL_PG_FLEETING", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")


def main() -> int:
    """Measure what was asked for; tell and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="price rows of the merge, documents of the rights"
    )
    parser.add_argument("--only", default=",".join(GROUPS), help="which groups")
    options = parser.parse_args()

    import django

    django.setup()
    from django.test.runner import DiscoverRunner

    clone_migrated()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    figures: list[Figure] = []
    try:
        for name in options.only.split(","):
            # Loaded one by one: the prices' memory is measured without what the others bring.
            group = import_module(f"tests.bench.{name}")
            for figure in group.measure(options):
                figures.append(figure)
                print(
                    f"{'ok ' if figure.ok else 'LOW'} {figure.name}: {figure.value:,.0f} {figure.unit}, "
                    f"against {figure.limit:,.0f}; ratio {figure.ratio} (goal {figure.aim})",
                    flush=True,
                )
    finally:
        runner.teardown_databases(databases)
        stop_cluster()
    target = PROJECT / "var" / "bench.json"
    target.write_text(json.dumps([figure.as_json() for figure in figures], indent=1))
    return 0


def clone_migrated() -> None:
    """Let this run's database be a clone of one with all migrations in, which the cluster keeps for the next run."""
    from django.db import connection

    if embedded := connection.settings_dict.get("EMBEDDED"):
        from portal.postgres.cluster import Cluster
        from tests.databases import migrated_template

        cluster = Cluster(Path(embedded["root"]), durable=False)
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template(cluster)


def stop_cluster() -> None:
    """End the cluster that this run started."""
    from django.db import connection

    connection.close()
    cluster = getattr(connection, "cluster", None)
    if cluster is not None:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
