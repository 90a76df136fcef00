"""A browser without JavaScript: pages, links and forms as they stand in the HTML, cookies, nothing else.

What it can do, a person with scripts switched off can do: it fills only fields that a form really has, and
presses only buttons that are there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import httpx2

from demo.telling.reader import Form, NotOnPage, PageReader, squeezed


class Page:
    """An answered page: address, status, words, links, forms."""

    def __init__(self, browser: PlainBrowser, answer: httpx2.Response) -> None:
        self.browser = browser
        self.url = str(answer.url)
        self.status = answer.status_code
        self.html = answer.text
        reader = PageReader(self.url)
        reader.feed(self.html)
        reader.close()
        self.text = squeezed(reader.words)
        self.links = reader.links
        self.forms = reader.forms

    @property
    def path(self) -> str:
        """The path of its address."""
        return httpx2.URL(self.url).path

    def must_say(self, *words: str) -> Page:
        """Go on only if the page shows these words."""
        for word in words:
            if word not in self.text:
                raise NotOnPage(f"{self.url} does not show {word!r}. It shows: {self.text[:1500]}")
        return self

    def form(self, *names: str, action: str = "", press: str = "") -> Form:
        """The first form with these fields, this part of an address and this button."""
        for form in self.forms:
            if not set(names) <= set(form.names) or action not in urljoin(self.url, form.target()):
                continue
            if not press or any(press.lower() in button.text.lower() for button in form.buttons):
                return form
        shown = [(form.target(), form.names, [b.text for b in form.buttons]) for form in self.forms]
        raise NotOnPage(f"{self.url}: no form with {names}, {action!r}, {press!r}; there are {shown}")

    def submit(self, form: Form, press: str = "", **values: object) -> Page:
        """Fill in a form of this page, press its button, and follow to the page that answers."""
        sent = form.filled(press, **values)
        address = urljoin(self.url, form.target(press))
        if form.method == "get":
            return self.browser.go(address, params=sent)
        return self.browser.send(address, sent, came_from=self.url)

    def follow(self, text: str = "", *, to: str = "") -> Page:
        """Open the first link with this text, or to an address that holds this part."""
        for words, address in self.links:
            if text.lower() in words.lower() and to in address:
                return self.browser.go(urljoin(self.url, address))
        raise NotOnPage(f"{self.url}: no link {text!r} to {to!r} among {self.links}")


class PlainBrowser:
    """One person's browser, with cookies of its own."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.client = httpx2.Client(base_url=site, follow_redirects=True, timeout=60, trust_env=False)
        self.pages = 0

    def go(self, address: str, params: list[tuple[str, str]] | None = None) -> Page:
        """Open an address; a page that is not there or breaks ends the story."""
        self.pages += 1
        return self._page(self.client.get(address, params=tuple(params) if params else None))

    def send(self, address: str, values: list[tuple[str, str]], *, came_from: str) -> Page:
        """Submit a form."""
        self.pages += 1
        body = httpx2.QueryParams(tuple(values))
        headers = {
            "Referer": came_from,
            "Origin": self.site,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._page(self.client.post(address, content=str(body), headers=headers))

    def data(self, address: str) -> Any:
        """What the API answers at an address."""
        answer = self.client.get(address, headers={"Accept": "application/json"})
        if answer.status_code != 200:
            raise NotOnPage(f"{address} answers {answer.status_code}: {answer.text[:600]}")
        return answer.json()

    def status_of(self, address: str) -> int:
        """The bare status of an address, whatever it is."""
        return self.client.get(address, follow_redirects=False).status_code

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in by the page that everybody uses."""
        page = self.go("/accounts/login/")
        page = page.submit(page.form("login", "password"), login=email, password=password)
        if "/accounts/login/" in page.url:
            raise NotOnPage(f"{email} could not sign in: {page.text[:600]}")
        return page

    def _page(self, answer: httpx2.Response) -> Page:
        page = Page(self, answer)
        if answer.status_code >= 400:
            raise NotOnPage(f"{answer.request.method} {page.url} answers {page.status}: {page.text[:1500]}")
        return page

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()
