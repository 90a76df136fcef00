"""The frame around a page, written once for a person, a place and the state of what it shows."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

from portal.kept import TOKEN, kept, with_token
from portal.navigation import frame_key

register = template.Library()


@register.simple_tag(takes_context=True)
def frame(context: Context, name: str) -> SafeString:
    """A part of the frame by the name of its template; it may show `nav` and the request's address."""
    request, nav = context["request"], context["nav"]
    part = context.template.engine.get_template(name)  # type: ignore[union-attr]
    if not nav:
        return part.render(context)

    def make() -> SafeString:
        with context.push(csrf_token=TOKEN):
            return part.render(context)

    text = kept((name, *frame_key(request)), make, lambda _text: nav.until)
    return mark_safe(with_token(request, text))  # noqa: S308 - rendered by the part's template
