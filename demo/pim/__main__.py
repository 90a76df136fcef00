"""Command line of the demo's PIM: `python -m demo.pim write DIR`, `python -m demo.pim check DIR`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from demo.pim import drop


def main() -> int:
    """Write or check a drop and print the result as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m demo.pim", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write the next drop")
    write.add_argument("folder", type=Path)
    write.add_argument("--force", action="store_true", help="deliver again although nothing changed")
    check = commands.add_parser("check", help="verify the newest drop")
    check.add_argument("folder", type=Path)
    options = parser.parse_args()
    try:
        if options.command == "write":
            result = drop.write(options.folder, force=options.force)
        else:
            result = drop.check(options.folder)
    except drop.BrokenDrop as broken:
        print(broken, file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
