"""How a page answers a form: on to the next page, or the same page with what is wrong.

A form that sends itself by htmx says hx-swap="none": what happens is decided here, and typed values
stay where they are whatever is refused.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect


def move_on(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Lead to another page after a form did its work; arguments as for `redirect`."""
    response = redirect(to, *args, **kwargs)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(response.url)
    return response


def show_again(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a page again, with the errors of its form beside their fields (422)."""
    response = render(request, template, context, status=422)
    if getattr(request, "htmx", False):
        response["HX-Retarget"] = "#main"
        response["HX-Reselect"] = "#main"
        response["HX-Reswap"] = "outerHTML show:top"
    return response
