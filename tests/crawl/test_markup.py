"""No word that anybody types is read as markup, as a template or as a script, on no page of buyers or of the staff."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models, transaction
from django.urls import reverse

from core import generations
from portal.access import ROUTES, addresses
from portal.admin.access import PAGES
from tests.crawl.staff_world import SUPERUSER, StaffWorld, staffed
from tests.crawl.world import become

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-13")]
TAG, TEMPLATE = '<i id="x7">', "{{ 7|add:7000 }}"
PAYLOAD = f"{TAG}'{TEMPLATE}"
LEAST = 60
NO_TEXT = ("password", "key", "code", "number", "sku", "slug", "channel", "label", "kind", "zone", "locale", "hash", "path")  # fmt: skip


@pytest.fixture
def world(db: None) -> Iterator[StaffWorld]:
    logging.disable(logging.ERROR)
    with staffed() as world:
        yield world
    logging.disable(logging.NOTSET)


def typed_columns() -> Iterator[tuple[str, str, int | None]]:
    """Table, column and length of what holds words: no choices, nothing that other rows or the code know a row by."""
    for model in apps.get_models(include_auto_created=False):
        if model._meta.app_label not in {
            "accounts", "catalog", "core", "integrations", "orders", "pricing", "quotes",
        }:  # fmt: skip
            continue
        for field in model._meta.local_fields:
            is_text = type(field) in (models.CharField, models.TextField)
            named = any(word in field.name for word in NO_TEXT)
            if is_text and not field.choices and not field.unique and not named:
                if field.max_length is None or field.max_length >= LEAST:
                    yield model._meta.db_table, field.column, field.max_length


def poison() -> int:
    """Write the payload behind every such word; tell into how many columns. What the database guards stays."""
    written = 0
    with connection.cursor() as cursor:
        for table, column, most in typed_columns():
            room = "" if most is None else f", {most - len(PAYLOAD)}"
            kept = f'left("{column}"{room})' if room else f'"{column}"'
            try:
                with transaction.atomic():
                    cursor.execute(
                        f'UPDATE "{table}" SET "{column}" = {kept} || %s WHERE "{column}" <> %s',  # noqa: S608
                        [PAYLOAD, ""],
                    )
                    written += bool(cursor.rowcount)
            except Exception:  # noqa: BLE001, S112 - a trigger or a constraint that guards it
                continue
    return written


def wrong_in(page: str) -> list[str]:
    """What of the payload is not shown as the words that it is."""
    found = [TAG] if TAG in page else []
    if "'7007" in page.replace("&#x27;", "'").replace("&#39;", "'"):
        found.append("a template that was run")
    # Inside of what the back office' theme evaluates, words would be code.
    found += re.findall(r'(?:x-[a-z.:-]+|@[a-z.]+|:[a-z-]+|on[a-z]+)="[^"]*x7[^"]*"', page)
    return found


def test_no_typed_word_is_more_than_a_word(world):
    assert poison() > 60
    generations.current()
    seen, wrong = 0, []

    def look(browser, path):
        nonlocal seen
        with transaction.atomic():
            answer = browser.get(path)
            page = answer.content.decode() if not answer.streaming else ""
            transaction.set_rollback(True)
        assert answer.status_code < 500, path
        if answer.headers["Content-Type"].startswith("text/html"):
            seen += "x7" in page
            wrong.extend(f"{path}: {what}" for what in wrong_in(page))

    buyer = become(world.world, ["administrator"], {}).signed_in()
    for route, access in ROUTES.items():
        names = addresses()[route]
        if "GET" not in access.methods or access.open_to or route.startswith("api:"):
            continue
        things = (
            [world.world.things[place].get(access.kind) for place in ("own", "mine")] if names else [None]
        )
        for thing in things:
            if thing is not None or not names:
                look(buyer, reverse(route, args=[thing.key] if thing else []))
    boss = world.people[SUPERUSER].signed_in()
    for model in admin.site._registry:
        start = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        look(boss, reverse(f"{start}_changelist"))
        look(boss, reverse(f"{start}_changelist") + f"?q={TAG}")
        for key, _number in world.rows[model._meta.label].values():
            for page in ("change", "history", "delete"):
                look(boss, reverse(f"{start}_{page}", args=[key]))
    for page, access in PAGES.items():
        keys = world.pages.get(page) or {
            place: number for place, (_pk, number) in world.rows.get(access.rows, {}).items()
        }
        for key in keys.values() or [None]:
            if page != "autocomplete" and "GET" in access.methods:
                look(boss, reverse(f"admin:{page}", args=[] if key is None else [key]))

    assert wrong == []
    assert seen > 100
