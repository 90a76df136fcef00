"""A company's identity provider for tests: the process, and the steps of a browser at it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import requests
from django.test import Client
from django.urls import reverse

from accounts.actions.connections import Draft, save_connection
from accounts.models import Company, SignInConnection
from core.actor import Actor
from tests.issuer import CLIENT

SCRIPT = Path(__file__).resolve().parent.parent / "issuer.py"
STAFF = Actor("admin", "Otto")


@dataclass
class Provider:
    """The provider's process."""

    address: str
    process: subprocess.Popen[str]

    def knows(self, email: str, **claims: Any) -> str:
        """Let it know this person, and nobody else; the address back."""
        sub = claims.pop("sub", f"sub-{email}")
        person = {"sub": sub, "name": "Vera Known", "email_verified": True, **claims}
        self._tell("people", {email: person})
        return email

    def does_wrong(self, **faults: Any) -> None:
        """Misbehave from now on; without words, no longer."""
        self._tell("faults", faults)

    def changes_its_key(self) -> None:
        """Sign with a new key."""
        self._tell("rotate", {})

    def seen(self) -> dict[str, Any]:
        """What it was asked."""
        return requests.get(f"{self.address}/-/seen", timeout=5).json()

    def _tell(self, what: str, body: Any) -> None:
        requests.put(f"{self.address}/-/{what}", json=body, timeout=5).raise_for_status()


def started() -> Provider:
    """A provider in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return Provider(json.loads(process.stdout.readline())["listening"], process)


def connect(company: Company, issuer: str, **more: Any) -> SignInConnection:
    """Connect a company with a provider; for addresses at acme.example unless said otherwise."""
    draft = {
        "key": "works-id",
        "name": "Works ID",
        "issuer": issuer,
        "client_id": CLIENT,
        "secret_name": "SIGN_IN_SECRET_ACME",
        "domains": ("acme.example",),
        **more,
    }
    return save_connection(company, Draft(**draft), by=STAFF)


def address_of(page: Any) -> str:
    """Where the page that leads on leads to."""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    assert found, page.content.decode()[-1500:]
    return unescape(found[1])


def way_back(address: str, email: str) -> str:
    """Sign in at the provider; the path by which it leads back."""
    answer = requests.post(address, data={"email": email}, allow_redirects=False, timeout=5)
    return answer.headers["Location"].removeprefix("http://127.0.0.1:8000")


def sign_in_there(email: str, browser: Client | None = None, *, at: str = "", next_url: str = "") -> Any:
    """Type the address here, sign in there, come back: the browser and the last answer. at: whom one signs in as."""
    browser = browser or Client()
    path = reverse("account_login") + (f"?next={next_url}" if next_url else "")
    page = browser.post(path, {"login": email, "password": "", "next": next_url})
    return browser, browser.get(way_back(address_of(page), at or email))
