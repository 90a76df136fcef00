"""What every page of the portal shows in its frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.demo import sign_ins
from portal.features import ages_of
from portal.navigation import navigation


def page(request: HttpRequest) -> dict[str, Any]:
    """The names of the shop and the environment, the request's scope, and the frame when asked for."""
    return {
        "shop_name": settings.SHOP_NAME,
        "environment_name": settings.ENVIRONMENT_NAME,
        "is_demo": settings.DEMO,
        "is_registration_open": settings.REGISTRATION_OPEN,
        "scope": getattr(request, "scope", None),
        "features": SimpleLazyObject(lambda: ages_of(request).features),
        "nav": SimpleLazyObject(lambda: navigation(request)),
        "demo_sign_ins": SimpleLazyObject(sign_ins),
    }
