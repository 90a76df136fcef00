"""Where somebody is signed in, noted as often as it tells a person something: not with every page."""

import time
from collections import OrderedDict
from threading import Lock

from django.http import HttpRequest, HttpResponse

from accounts.second_factors import note_session
from portal.middleware import Respond

# A list of sessions says "5 minutes ago"; a write per page would cost more than many a page.
EVERY_SECONDS, MOST = 300.0, 10_000


class SeenMiddleware:
    """Notes address, browser and time of a session with its first page here, and again after some minutes."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self._noted: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and request.user.is_authenticated and self._is_due((key, request.user.pk)):
            note_session(request)
        return self.get_response(request)

    def _is_due(self, name: tuple[str, int]) -> bool:
        now = time.monotonic()
        with self._lock:
            last = self._noted.get(name)
            if last is not None and now - last < EVERY_SECONDS:
                return False
            self._noted[name] = now
            self._noted.move_to_end(name)
            while len(self._noted) > MOST:
                self._noted.popitem(last=False)
        return True
