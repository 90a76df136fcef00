"""The people of the demo: who they are, and how they sign in. Used only where PORTAL_DEMO is set."""

import json
from functools import cache
from typing import Any

from django.conf import settings

PASSWORD = "nordwind-demo-2026"  # noqa: S105 - printed on the demo's sign-in page, used nowhere else


@cache
def people() -> list[dict[str, Any]]:
    """The demo's people, each with email, name, what the person does, and the password."""
    listed = json.loads((settings.BASE_DIR / "demo" / "people.json").read_text())
    return [{**person, "password": PASSWORD} for person in listed]


def sign_ins() -> list[dict[str, Any]]:
    """What the sign-in page shows: the people in the demo, nobody anywhere else."""
    return people() if settings.DEMO else []
