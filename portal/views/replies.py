"""How a page answers a form: on to the next page, or the same page with what is wrong.

A form that sends itself by htmx says hx-swap="none": what happens is decided here, and typed values
stay where they are whatever is refused.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
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


View = Callable[..., HttpResponse]


def post_only(to: str) -> Callable[[View], View]:
    """A step that a form alone does: whoever comes by its address is led to the page of the form instead.

    to: the name of that page's address, which takes the same parameters or none.
    """

    def stepping(view: View) -> View:
        @wraps(view)
        def stepped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return redirect(_page_of(to, kwargs))
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(request, *args, **kwargs)

        return stepped

    return stepping


def _page_of(to: str, kwargs: dict[str, Any]) -> str:
    try:
        return reverse(to, kwargs=kwargs)
    except NoReverseMatch:
        return reverse(to)
