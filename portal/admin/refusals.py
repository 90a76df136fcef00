"""The third translator: a DomainError on an own page of the back office becomes a message there."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from core import refusals
from core.errors import DomainError, NotAllowed, NotFound
from portal.middleware import status_of

View = Callable[..., HttpResponse]


def refusing(page: View) -> Callable[[View], View]:
    """Show a refusal of the decorated step above `page`, which keeps what was typed.

    page: takes the request and what the address names, and reads the posted values. What is not
    there answers 404; a missing right answers 403, by the page if it can be seen. Refusals that
    touch rights or ownership are kept (SEC-02).
    """

    def decorate(step: View) -> View:
        @wraps(step)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return step(request, *args, **kwargs)
            except DomainError as error:
                refusals.keep(error, by=request.actor)  # type: ignore[attr-defined]
                if isinstance(error, NotFound):
                    raise Http404(str(error)) from error
                # The page first: where it is not for the person either, no message may wait for the next one.
                response = shown(page)(request, **place_of(request))
                messages.error(request, str(error))
                response.status_code = status_of(error)
                return response

        return guarded

    return decorate


def place_of(request: HttpRequest) -> dict[str, Any]:
    """What the address names, whatever else a step was given."""
    return dict(request.resolver_match.kwargs) if request.resolver_match else {}


def shown(page: View) -> View:
    """A page whose own refusals answer 404 and 403 in the back office's manner."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return page(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(str(error)) from error
        except NotAllowed as error:
            refusals.keep(error, by=request.actor)  # type: ignore[attr-defined]
            raise PermissionDenied(str(error)) from error

    return guarded
