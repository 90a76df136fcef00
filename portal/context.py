"""What every page of the portal shows in its frame."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.demo import sign_ins
from portal.navigation import navigation


def demo_sign_ins() -> list[dict[str, str]]:
    """The people of the demo with their passwords, for its sign-in page; empty anywhere else.

    Whoever fills the demo's database leaves them in `demo/sign-ins.json` of the installation's own
    directory: a list of name, email, password and does ("buys for Kessler").
    """
    file = settings.VAR_DIR / "demo" / "sign-ins.json"
    if not settings.DEMO or not file.exists():
        return []
    people: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return people


def page(request: HttpRequest) -> dict[str, Any]:
    """The names of the shop and the environment, the request's scope, and the frame when asked for."""
    return {
        "shop_name": settings.SHOP_NAME,
        "environment_name": settings.ENVIRONMENT_NAME,
        "is_demo": settings.DEMO,
        "demo_sign_ins": sign_ins(),
        "scope": getattr(request, "scope", None),
        "nav": SimpleLazyObject(lambda: navigation(request)),
        "demo_sign_ins": SimpleLazyObject(demo_sign_ins),
    }
