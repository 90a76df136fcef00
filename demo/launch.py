"""Starts the product with its demo company, in the foreground: `make demo`.

    python3 demo/launch.py [--port 8000] [--root var] [--dev | --reset]

Needs nothing but Python 3.11 to 3.13: it builds the environments first, then goes on inside them. The parts
themselves are put together in demo/stack.py, which story and browser tests use too.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from demo.environment import EnvironmentFailure, ensure  # noqa: E402

DEFAULT_PORT = "8000"


def read_arguments() -> argparse.Namespace:
    """Read the command line; PORT in the environment is the default of --port."""
    parser = argparse.ArgumentParser(prog="demo/launch.py", description="Start Accord with its demo company.")
    port = os.environ.get("PORT") or DEFAULT_PORT
    parser.add_argument("--port", default=port, help="where the portal listens (default 8000, or PORT)")
    parser.add_argument("--root", type=Path, default=PROJECT / "var", help="where everything is kept")
    parser.add_argument(
        "--erp-port", type=int, default=0, help="where the ERP listens (default: a free port)"
    )
    parser.add_argument("--erp-db", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--erp-url", default="", help="what the portal takes for the ERP: a proxy before it")
    parser.add_argument("--dev", action="store_true", help="restart by itself when code changes, show errors")
    parser.add_argument("--reset", action="store_true", help="throw away what the demo stored, and end")
    arguments = parser.parse_args()
    arguments.port = readable_port(arguments.port)
    arguments.root = arguments.root.resolve()
    return arguments


def readable_port(text: str) -> int:
    """Return the port as a number, or end with advice."""
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    sys.exit(f"PORT={text!r} is not a port: give a number from 1024 to 65535, as in  make demo PORT=8010")


def refuse_taken_port(port: int) -> None:
    """End at once, before anything is built or started, when the portal could not listen in the end."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            sys.exit(f"Port {port} is reserved for the system. Choose another:  make demo PORT=8010")
        except OSError:
            sys.exit(
                f"Port {port} is taken by another program (or another demo). "
                f"End that one, or choose another port:  make demo PORT={port + 10}"
            )


def main() -> int:
    """Build what is missing, move into the environment, start."""
    arguments = read_arguments()
    if not arguments.reset:
        refuse_taken_port(arguments.port)
    # As an exception the order to end also reaches what is being installed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before anything ran; what was built is kept."))
    try:
        python = ensure("runtime")
        if not arguments.reset:
            ensure("erp")
    except EnvironmentFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        sys.exit("Ended before anything ran; what was built is kept.")
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        os.chdir(PROJECT)
        os.execv(python, [str(python), "-m", "demo.launch", *sys.argv[1:]])  # noqa: S606

    from demo.serve import reset, serve

    return reset(arguments) if arguments.reset else serve(arguments)


if __name__ == "__main__":
    sys.exit(main())
