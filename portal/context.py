"""What every page of the portal shows in its frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.queries.members import all_members_with
from accounts.states import Right
from portal.demo import sign_ins
from portal.features import ages_of
from portal.middleware import channel_of
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
        "is_inside": SimpleLazyObject(lambda: _is_inside(request)),
        "administrators": SimpleLazyObject(lambda: _administrators(request)),
        "demo_sign_ins": SimpleLazyObject(sign_ins),
    }


# How many people a page names to be asked.
ASKED = 3


def _is_inside(request: HttpRequest) -> bool:
    """Whether a page that only tells something stands in the frame: for somebody who acts for a company, in the portal."""
    scope = getattr(request, "scope", None)
    return scope is not None and not scope.is_empty and channel_of(request.path) == "portal"


def _administrators(request: HttpRequest) -> list[User]:
    """Whom to ask for a right in the acting company: who looks after its people, but for the one who asks."""
    if not _is_inside(request):
        return []
    scope = request.scope  # type: ignore[attr-defined]
    found = all_members_with(Right.MANAGE_PEOPLE, [scope.company_id])
    return [user for user in found if user.pk != scope.buyer_id][:ASKED]
