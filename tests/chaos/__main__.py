"""`make chaos`: the whole run, on a cluster of its own; exits with 1 when anything was lost, doubled or differs.

python -m tests.chaos [--orders 300] [--clients 4] [--seconds 570] [--seed 1]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from portal.postgres.cluster import Cluster
from tests.chaos.play import Size, play

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Play, tell, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=Size.orders)
    parser.add_argument("--clients", type=int, default=Size.clients)
    parser.add_argument("--seconds", type=float, default=Size.seconds)
    parser.add_argument("--seed", type=int, default=Size.seed)
    options = parser.parse_args()
    size = Size(options.orders, options.clients, options.seconds, options.seed)
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    cluster = Cluster(PROJECT / "var" / "story" / "postgres", durable=False)
    folder = Path(tempfile.mkdtemp(prefix="accord-chaos-"))
    with cluster.in_use():
        verdict = play(cluster, folder, size, tell=tell)
    for what in [*verdict.lost, *verdict.duplicated, *verdict.mismatched]:
        print(what)
    for kind, subject, cause in verdict.cases:
        print(f"case {kind} {subject}: {cause}")
    print(verdict.line, flush=True)
    if verdict.is_good:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    print(f"The logs are in {folder / 'log'}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
