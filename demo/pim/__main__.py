"""Command line of the demo's PIM: `python -m demo.pim write DIR`, `python -m demo.pim check DIR`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from demo.pim import drop
from demo.pim.edits import Edit, UnknownField


def main() -> int:
    """Write or check a drop and print the result as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m demo.pim", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write the next drop")
    write.add_argument("folder", type=Path)
    write.add_argument("--force", action="store_true", help="deliver again although nothing changed")
    write.add_argument(
        "--set",
        nargs=3,
        action="append",
        default=[],
        metavar=("SKU", "FIELD", "TEXT"),
        help="an editor's change",
    )
    write.add_argument(
        "--without", action="append", default=[], metavar="SKU", help="a product that left the PIM"
    )
    check = commands.add_parser("check", help="verify the newest drop")
    check.add_argument("folder", type=Path)
    options = parser.parse_args()
    try:
        if options.command == "write":
            changes = [Edit(*words) for words in options.set]
            result = drop.write(options.folder, force=options.force, edits=changes, without=options.without)
        else:
            result = drop.check(options.folder)
    except (drop.BrokenDrop, UnknownField) as refused:
        print(refused, file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
