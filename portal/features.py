"""Which parts of the portal are there for this request; the pages of a part that is not are not found (OPS-09)."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from portal.delay import Ages
from portal.kept import kept, names

# Beginnings of the names of the addresses that belong to a feature.
PAGES = {"portal:quote-": "quotes", "portal:rfq-": "quotes", "portal:invoice-": "invoices"}


def ages_of(request: HttpRequest) -> Ages:
    """The ages and features of this request, asked for when they have changed."""
    known: Ages = kept(("ages", *names(request, "ages")), Ages.now)
    return known


def feature_of(view_name: str) -> str:
    """The feature that an address belongs to, "" for what is always there."""
    return next((feature for start, feature in PAGES.items() if view_name.startswith(start)), "")


class FeatureMiddleware:
    """Answers "not found" for the pages of a feature that is off."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Look at the ages only where the page belongs to a feature."""
        match = request.resolver_match
        feature = feature_of(match.view_name) if match else ""
        if feature and feature not in ages_of(request).features:
            raise Http404
