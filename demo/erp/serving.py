"""Serving the databases over HTTP with trytond's own application."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import logging
import os
import signal
import sys
import threading

from demo.erp.databases import Databases

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """End this process when its parent ends, however that happens (Linux; elsewhere nothing is done).

    parent: its process id when this process was started; it may be gone already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("error: the process that started the ERP is gone")


class OnlyFaults(logging.Filter):
    """Leaves refusals out of the log: a credit limit or a duplicate key is an answer, not a fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        from trytond.exceptions import TrytonException

        cause = record.exc_info[1] if record.exc_info else None
        return not isinstance(cause, TrytonException)


class Nowhere(io.TextIOBase):
    """Takes the second copy of each traceback, which trytond writes beside its log."""

    def write(self, text: str) -> int:
        return len(text)


def loading(app, databases: Databases):
    """Load the models of a database at its first request.

    trytond 8.2.1 only does so itself for the databases named at its start; a login to another
    one answers KeyError 'res.user'.
    """
    from trytond.pool import Pool

    loaded: set[str] = set()
    lock = threading.Lock()

    def wrapper(environ, start_response):
        environ["wsgi.errors"] = Nowhere()
        name = environ.get("PATH_INFO", "").split("/", 2)[1:2]
        if name and name[0] not in loaded and name[0].isidentifier() and name[0] != "rpc":
            with lock:
                if name[0] not in loaded and databases.exists(name[0]):
                    Pool(name[0]).init()
                    loaded.add(name[0])
        return app(environ, start_response)

    return wrapper


def serve(databases: Databases, database: str, host: str, port: int) -> None:
    """Serve every database of the place under /<name>/ until SIGTERM or SIGINT.

    Prints one JSON line when it listens; port 0 takes a free one, which the line names.
    """
    # Nobody may list, and so connect to, the template: it could not be cloned meanwhile.
    import trytond.config

    trytond.config.set("database", "list", "False")
    from trytond.pool import Pool
    from trytond.wsgi import app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # keep connections open

        def log_request(self, code="-", size="-") -> None:
            """Say nothing about requests that went well."""

    handler = logging.StreamHandler()
    handler.addFilter(OnlyFaults())
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", handlers=[handler]
    )
    Pool.start()
    if databases.exists(database):
        Pool(database).init()
    try:
        server = make_server(host, port, loading(app, databases), threaded=True, request_handler=Quiet)
    except (OSError, SystemExit) as taken:
        sys.exit(f"error: cannot listen on {host}:{port}, is something else listening there? ({taken})")
    server.daemon_threads = True

    def stop(number, frame) -> None:
        # shutdown() waits for the loop that this very thread runs: ask from another one.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(
        json.dumps(
            {"listening": f"http://{host}:{server.server_port}", "database": database, "pid": os.getpid()}
        ),
        flush=True,
    )
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.2)
    server.server_close()
    # Requests still running are of no use any more; the database rolls them back.
    sys.stdout.flush()
    os._exit(0)
