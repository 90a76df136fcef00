"""A real browser that tells on the pages: errors, policy violations and calls to foreign hosts fail the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from demo.stack import Stack

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
]
WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
PATIENCE_MS = 30_000
OURS = "127.0.0.1"


@dataclass
class Watch:
    """What went wrong in the browser, in words."""

    problems: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(
                f"console {message.type} on {message.page and message.page.url}: {message.text}"
            )

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname != OURS:
            self.problems.append(f"a call to {request.url}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of the machine; without one these tests fail.

    It ends with its module: its event loop runs in this thread, and Django refuses the database to such a thread.
    """
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install -y chromium (as root), then run again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the pages did wrong; nothing may be left at the end."""
    watch = Watch()
    yield watch
    assert watch.problems == []


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(chromium: Browser, stack: Stack, watch: Watch) -> Iterator[SignIn]:
    """Open a browser window of a person of the demo, by the first part of the e-mail address."""
    people = json.loads((stack.root / "demo" / "sign-ins.json").read_text())
    contexts = []

    def open_for(person: str, viewport: dict[str, int] = WIDE) -> Page:
        found = next(item for item in people if item["email"].startswith(person))
        context = chromium.new_context(viewport=viewport, base_url=stack.url, locale="en-GB")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        watch.over(context)
        contexts.append(context)
        page = context.new_page()
        page.goto("/accounts/login/")
        page.locator("[name=login]").fill(found["email"])
        page.locator("[name=password]").fill(found["password"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    yield open_for
    for context in contexts:
        context.close()
