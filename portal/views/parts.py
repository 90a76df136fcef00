"""Whether a request wants a page or the part of it that changes."""

from portal.middleware import BuyerRequest


def wants_part(request: BuyerRequest) -> bool:
    """True for htmx; not when it restores a page from history, which is shown whole."""
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted
