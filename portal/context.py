"""What every page of the portal shows in its frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """The names of the shop and the environment, and the request's scope."""
    return {
        "shop_name": settings.SHOP_NAME,
        "environment_name": settings.ENVIRONMENT_NAME,
        "is_demo": settings.DEMO,
        "scope": getattr(request, "scope", None),
    }
