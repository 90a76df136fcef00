"""The look of the back office: settings of the admin theme, in the portal's colours.

Read by portal.settings, so nothing here may need the settings while it is imported.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

STYLES = ("tokens", "parts", "tables", "documents", "accord-admin")


def environment(request: HttpRequest) -> list[str]:
    """The word at the top right that keeps people from mistaking one installation for another."""
    from django.conf import settings

    tone = "danger" if settings.ENVIRONMENT_NAME == "Production" else "info"
    return [settings.ENVIRONMENT_NAME, tone]


def environment_prefix(request: HttpRequest) -> str:
    """The same word before the title of the browser's tab, but for production."""
    from django.conf import settings

    return "" if settings.ENVIRONMENT_NAME == "Production" else f"[{settings.ENVIRONMENT_NAME}]"


def _style(name: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(f"accord/{name}.css")


UNFOLD: dict[str, object] = {
    "SITE_TITLE": "Accord",
    "SITE_HEADER": "Accord",
    "SITE_SUBHEADER": _("Back office"),
    "SITE_SYMBOL": "sync_alt",
    "SITE_URL": "/home/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("accord/mark.svg")}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "THEME": "light",
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "portal.admin.theme.environment",
    "ENVIRONMENT_TITLE_PREFIX": "portal.admin.theme.environment_prefix",
    "DASHBOARD_CALLBACK": "portal.admin.desk.desk",
    "STYLES": [_style(name) for name in STYLES],
    "COLORS": {
        "base": {
            "50": "#f9fafb",
            "100": "#f1f3f5",
            "200": "#e5e7eb",
            "300": "#d1d5dc",
            "400": "#858e9d",
            "500": "#5b6474",
            "600": "#4b5565",
            "700": "#364153",
            "800": "#1f2937",
            "900": "#101828",
            "950": "#0a0f1a",
        },
        "primary": {
            "50": "#f2f8fd",
            "100": "#e8f1fb",
            "200": "#cfe3f7",
            "300": "#a9cdf1",
            "400": "#5fa5e6",
            "500": "#2486db",
            "600": "#066fd1",
            "700": "#0559a8",
            "800": "#05477f",
            "900": "#063a66",
            "950": "#042543",
        },
    },
    "COMMAND": {"search_models": True},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "portal.admin.sidebar.navigation",
    },
}
