"""Passkeys and a company's own sign-in in a real browser, with a virtual authenticator and a provider's process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.conftest import Member, enrol
from tests.e2e.conftest import NARROW, WIDE
from tests.issuer import SECRET
from tests.portal.issuing import connect, started

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("ACC-12")]
WORD = "pass-phrase-4711"


@pytest.fixture(scope="module", autouse=True)
def _beside_a_browser() -> Iterator[None]:
    # The browser's loop runs in this thread, which asks the database between its steps alone.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(autouse=True)
def _at_its_own_address(settings, live_server) -> None:
    settings.SITE_URL = live_server.url
    cache.clear()


def _is_fault(word: ConsoleMessage) -> bool:
    # A page that says why somebody is not let in has a status of its own, which the console names.
    return word.type == "error" and "the server responded with a status of" not in word.text


@pytest.fixture
def context(chromium: Browser, live_server) -> Iterator[BrowserContext]:
    """A browser of one person; what its console complains of fails the test."""
    context = chromium.new_context(base_url=live_server.url, viewport=WIDE)
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("console", lambda word: problems.append(word.text) if _is_fault(word) else None)
    yield context
    context.close()
    assert problems == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page with a virtual authenticator behind it: resident keys, and a user who is always verified."""
    page = context.new_page()
    channel = context.new_cdp_session(page)
    channel.send("WebAuthn.enable")
    channel.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return page


def sign_in(page: Page, member: Member) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(member.user.email)
    page.get_by_label("Password").fill(WORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/home/")


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def test_a_passkey_is_added_signs_in_alone_and_is_removed(page: Page, anna: Member) -> None:
    sign_in(page, anna)
    page.goto("/security/")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Password").fill(WORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Works laptop")
    page.get_by_role("button", name="Add it now").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Works laptop")).to_be_visible()
    expect(page.get_by_text("signs in without the password")).to_be_visible()

    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/home/")
    page.goto("/security/")
    expect(page.get_by_text("Works laptop")).to_be_visible()
    expect(page.get_by_text("Chrome on Linux")).to_be_visible()

    page.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="By a passkey or security key instead").click()
    page.get_by_role("button", name="Use your passkey or security key").click()
    expect(page.get_by_role("heading", name="Remove “Works laptop”?")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/security/")
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    expect(page.get_by_text("Works laptop")).to_have_count(0)
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("the passkey is not known here any more")).to_be_visible()
    assert "/accounts/login/" in page.url


def test_a_passkey_is_the_second_step_after_the_password(page: Page, anna: Member) -> None:
    sign_in(page, anna)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(WORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Add it now").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(page)

    page.get_by_label("E-mail").fill(anna.user.email)
    page.get_by_label("Password").fill(WORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey or security key instead").click()

    page.wait_for_url("**/home/")


def test_a_person_goes_to_the_companys_sign_in_and_comes_back(
    context: BrowserContext, anna: Member, settings, live_server
) -> None:
    provider = started()
    try:
        settings.SIGN_IN_SECRETS = {"SIGN_IN_SECRET_ACME": SECRET}
        connect(anna.company, provider.address, is_only_way=True)
        provider.knows(anna.user.email)
        page = context.new_page()
        page.set_viewport_size(NARROW)
        page.goto("/orders/")
        page.get_by_label("E-mail").fill(anna.user.email)
        page.get_by_label("Password").fill(WORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_text("sign in with Works ID")).to_be_visible()
        page.get_by_role("button", name="Go on to Works ID").click()
        page.wait_for_url(f"{provider.address}/authorize**")
        assert page.get_by_label("E-mail").input_value() == anna.user.email
        page.get_by_role("button", name="Sign in").click()

        page.wait_for_url("**/orders/")
        page.goto("/security/")
        expect(page.get_by_text("Your company has you sign in with Works ID alone")).to_be_visible()
        expect(page.get_by_text("Your company's own sign-in; linked today")).to_be_visible()

        provider.process.kill()
        provider.process.wait()
        sign_out(page)
        page.get_by_label("E-mail").fill(anna.user.email)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Works ID cannot be reached")).to_be_visible()
    finally:
        provider.process.kill()


def test_who_may_not_in_reads_why(context: BrowserContext, acme, settings) -> None:
    provider = started()
    try:
        settings.SIGN_IN_SECRETS = {"SIGN_IN_SECRET_ACME": SECRET}
        connect(acme, provider.address)
        enrol("Ada", acme, "administrator")
        provider.knows("nora@acme.example")
        page = context.new_page()
        page.goto("/accounts/login/")
        page.get_by_label("E-mail").fill("nora@acme.example")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_text("You are not a member of Acme Works yet.")).to_be_visible()
        page.get_by_role("link", name="Back to sign in").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    finally:
        provider.process.kill()
        provider.process.wait()
