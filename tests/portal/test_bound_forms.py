"""Every form of the portal says for which company it was shown; one that does not is refused like a stale tab's."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from psycopg.sql import SQL, Identifier

from portal.access import ROUTES, UNBOUND, is_bound

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-12", "SEC-13")]
ROOT = Path(__file__).resolve().parents[2] / "templates"
SAMPLES = {"int": "7", "uuid": "00000000-0000-4000-8000-000000000000"}


def posting(patterns, path="", space=""):
    """(name, an address) of every page of the portal that takes a POST and is not open to everybody."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            if inner in ("", "portal:"):
                yield from posting(pattern.url_patterns, path + str(pattern.pattern), inner)
        elif isinstance(pattern, URLPattern) and pattern.name and space == "portal:":
            name, access = f"{space}{pattern.name}", ROUTES.get(f"{space}{pattern.name}")
            if access and "POST" in access.methods and not access.open_to:
                text = re.sub(
                    r"<(?:(\w+):)?\w+>",
                    lambda found: SAMPLES.get(found[1] or "", "X-1"),
                    str(pattern.pattern),
                )
                yield name, f"/{path}{text}"


POSTED = dict(posting(get_resolver().url_patterns))
BOUND = {name: path for name, path in POSTED.items() if name not in UNBOUND}


def rows():
    """How many rows each table has, but for the memory of pages and of attempts to sign in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted(name for (name,) in cursor.fetchall() if not name.startswith(("cache", "axes_")))
        counts = {}
        for table in tables:
            cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
            counts[table] = cursor.fetchone()[0]
    return counts


def test_there_are_such_pages_and_only_the_switch_itself_is_left_out():
    assert len(BOUND) > 40
    assert set(POSTED) - set(BOUND) == {"portal:company-switch"}
    assert all(map(is_bound, BOUND))
    assert not any(
        map(is_bound, ("portal:join", "portal:register", "api:order-list", "portal:company-switch"))
    )


@pytest.mark.parametrize("name", BOUND)
def test_a_form_that_names_no_company_is_refused_and_nothing_is_done(name, anna):
    browser = anna.signed_in()
    browser.get("/home/")
    before, session = rows(), dict(browser.session.items())

    plain = browser.post(BOUND[name], {"acting_company": None})
    part = browser.post(BOUND[name], {"acting_company": None}, headers={"HX-Request": "true"})

    for answer in (plain, part):
        assert answer.status_code == 409
        assert "did not say which company it was open for" in answer.content.decode()
    assert part["HX-Retarget"] == "#messages"
    assert rows() == before
    assert {**dict(browser.session.items()), "_x": 0} == {**session, "_x": 0}


def test_every_form_of_the_pages_says_it():
    silent = []
    for page in sorted((ROOT / "portal").rglob("*.html")):
        text = page.read_text()
        for found in re.finditer(r"<(\w+)\b[^>]*(?:method=\"post\"|hx-post=)[^>]*>", text):
            words, until = found.group(0), text.find(f"</{found[1]}>", found.end())
            is_open = any(
                word in words for word in ("company-switch", "switch_url", "sign_out_url", "account_logout")
            )
            if not is_open and "acting_company" not in text[found.start() : until]:
                silent.append((str(page.relative_to(ROOT)), words))

    assert [one for one in silent if not one[0].startswith(OPEN_PAGES)] == []


# Forms of people who act for no company yet.
OPEN_PAGES = ("portal/people/join.html", "portal/registration/")
