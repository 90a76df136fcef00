"""Whether a page is open by a number instead of a name, by which no browser makes passkeys."""

from ipaddress import ip_address

from django import template
from django.http import HttpRequest
from django.http.request import split_domain_port

register = template.Library()


@register.filter
def is_by_number(request: HttpRequest) -> bool:
    """Whether the address of the page names its host by an IP address."""
    try:
        ip_address(split_domain_port(request.get_host())[0].strip("[]"))
    except ValueError:
        return False
    return True


@register.simple_tag
def by_name(request: HttpRequest) -> str:
    """The same page at localhost where it is open at this computer's own number; else empty, since nobody knows the name."""
    host, port = split_domain_port(request.get_host())
    if host not in ("127.0.0.1", "[::1]"):
        return ""
    return f"{request.scheme}://localhost{':' + port if port else ''}{request.get_full_path()}"
