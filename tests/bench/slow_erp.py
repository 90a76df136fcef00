"""An ERP that answers after a delay: the fault proxy before a server that only tells its version."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
from django.conf import settings
from django.test import override_settings

from integrations.connectors.tryton.transport import Tryton, access
from integrations.failures import CallFailed

CALLERS, PAUSE = 3, 0.2


class Version(BaseHTTPRequestHandler):
    """Answers every call with a version."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        """The version, whatever was asked."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"id": asked["id"], "result": "7.8.0"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class SlowErp:
    """The proxy, and callers that ask through the connector all the time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.control = httpx2.Client(base_url=url, timeout=30)

    @contextmanager
    def called(self, delay: float) -> Iterator[None]:
        """Calls under way, each answered after `delay` seconds; at the end none is."""
        faults = [{"method": "", "fault": "delay", "times": -1, "seconds": delay}]
        self.control.put("/-/faults", json=faults)
        self.control.put("/-/seen")
        ended = threading.Event()
        callers = [threading.Thread(target=self._call, args=(ended,)) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        while len(self.control.get("/-/seen").json()) < CALLERS:
            ended.wait(0.05)
        try:
            yield
        finally:
            ended.set()
            for caller in callers:
                caller.join()

    def _call(self, ended: threading.Event) -> None:
        erp = Tryton(access())
        while not ended.wait(PAUSE):
            with suppress(CallFailed):
                erp.server_version()


@contextmanager
def slow_erp() -> Iterator[SlowErp]:
    """The ERP of the settings for a while."""
    target = ThreadingHTTPServer(("127.0.0.1", 0), Version)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    script = Path(__file__).resolve().parent.parent / "proxy.py"
    proxy = subprocess.Popen(
        [sys.executable, str(script), f"http://127.0.0.1:{target.server_port}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert proxy.stdout is not None
        url = json.loads(proxy.stdout.readline())["listening"]
        erp = {**settings.ERP, "url": url, "user": "bench", "password": "bench", "read_seconds": 35.0}
        with override_settings(ERP=erp):
            yield SlowErp(url)
    finally:
        proxy.terminate()
        proxy.wait(timeout=20)
        target.shutdown()
