"""The people of the demo: who they are, and how they sign in. Used only where PORTAL_DEMO is set.

Who they are is committed in demo/people.json; their password is made for each installation and stands
in `demo/sign-ins.json` of its own directory, never in the repository.
"""

import json
import secrets
from typing import Any

from django.conf import settings


def people() -> list[dict[str, Any]]:
    """The demo's people: email, name, what they do, memberships or staff role."""
    listed: list[dict[str, Any]] = json.loads(
        (settings.BASE_DIR / "demo" / "people.json").read_text(encoding="utf-8")
    )
    return listed


def entitlements() -> dict[str, list[dict[str, Any]]]:
    """Who of the demo's customers sees and may buy what: assortments, licences, restrictions."""
    listed: dict[str, list[dict[str, Any]]] = json.loads(
        (settings.BASE_DIR / "demo" / "entitlements.json").read_text(encoding="utf-8")
    )
    return listed


def approvals() -> dict[str, Any]:
    """Rules, budgets, cost centres and waiting orders of the demo, and the price that moves meanwhile."""
    given: dict[str, Any] = json.loads(
        (settings.BASE_DIR / "demo" / "approvals.json").read_text(encoding="utf-8")
    )
    return given


def registrations() -> list[dict[str, Any]]:
    """The companies that ask to become customers of the demo."""
    given: list[dict[str, Any]] = json.loads(
        (settings.BASE_DIR / "demo" / "registrations.json").read_text(encoding="utf-8")
    )
    return given


def password() -> str:
    """The password that all people of this demo share; made at the first call."""
    known = sign_ins()
    return known[0]["password"] if known else f"nordwind-{secrets.token_hex(4)}"


def sign_ins() -> list[dict[str, str]]:
    """What the sign-in page and the launcher show; nobody outside a demo."""
    file = settings.VAR_DIR / "demo" / "sign-ins.json"
    if not settings.DEMO or not file.exists():
        return []
    found: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def keep_sign_ins(word: str) -> None:
    """Leave names, addresses and password where the sign-in page and the launcher find them."""
    file = settings.VAR_DIR / "demo" / "sign-ins.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {**{key: person[key] for key in ("name", "email", "does")}, "password": word} for person in people()
    ]
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    file.chmod(0o600)
