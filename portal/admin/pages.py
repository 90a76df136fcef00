"""Own pages of the back office: a view inside the admin site's addresses, in the theme's frame."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def admin_page(
    request: HttpRequest, template: str, *, title: str, context: dict[str, Any], status: int = 200
) -> TemplateResponse:
    """Render an own page; its template extends admin/accord/page.html.

    title: the document's name, shown as heading and in the browser's tab.
    """
    request.current_app = admin.site.name
    everything = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, everything, status=status)
