"""Whether a request wants a page or the part of it that changes."""

from typing import Any
from urllib.parse import urlencode

from accounts.listing import Place
from portal.middleware import BuyerRequest


def place_in(request: BuyerRequest) -> Place:
    """Where in a long list the reader stands: see accounts.listing."""
    return Place(behind=request.GET.get("older", ""), before=request.GET.get("newer", ""))


def query_of(**asked: Any) -> str:
    """The other parameters of a list's address, encoded and ready for one more."""
    return urlencode({key: value for key, value in asked.items() if value}) + "&"


def wants_part(request: BuyerRequest) -> bool:
    """True for htmx; not when it restores a page from history, which is shown whole."""
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted
