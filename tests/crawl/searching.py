"""Searches for what one may not see: the answer is that to a word that nobody has, letter by letter."""

import re
from collections.abc import Iterator

from django.db import transaction
from django.test import Client
from django.urls import reverse

from portal.access import KINDS, Access
from tests.conftest import Member
from tests.crawl.world import FAMILY, Thing, World

# What differs from one answer to the next whoever asks for whatever.
ONCE = re.compile(r"csrf[^>]{0,40}?[A-Za-z0-9]{64}|X-CSRFToken[^A-Za-z0-9]+[A-Za-z0-9]{64}")


def searched(
    world: World, table: dict[str, Access], person: Member, browser: Client
) -> Iterator[tuple[int, str]]:
    """For each search of something that may not be seen: 1, and what is wrong with the answer, "" for nothing."""
    of_nothing: dict[tuple[str, str], str] = {}
    for route, access in table.items():
        if not access.finds or not access.is_open(person.scope):
            continue
        for place, thing in world.all_things():
            if thing.kind in access.finds and not _may_be_found(world, place, thing, person, access):
                words = dict.fromkeys((thing.key, *thing.words))
                for word in (word for word in words if isinstance(word, str)):
                    found, unknown = _answer(browser, route, word), (route, _nobodys(word, place))
                    # Asked once; and again before a difference is believed, since pages tell ages.
                    if of_nothing.get(unknown) != found:
                        of_nothing[unknown] = _answer(browser, *unknown)
                    is_same = of_nothing[unknown] == found
                    yield 1, "" if is_same else f"GET {route}?q={word}: differs from an unknown one"


def _may_be_found(world: World, place: str, thing: Thing, person: Member, access: Access) -> bool:
    """Whether a thing may be seen, or is named by one that may."""
    teller = world.things[place].get(thing.told_by) if thing.kind in access.names else None
    return any(
        KINDS[one.kind].is_listed(person.scope, one.company.pk, is_own=one.is_own)
        for one in (thing, teller)
        if one is not None
    )


def _nobodys(word: str, place: str) -> str:
    """A word of the same shape that nobody has."""
    number = FAMILY.get(place, "UNIT")
    other = word
    for named in (place, number, number.lower()):
        other = other.replace(named, "zzzz" if named.islower() else "ZZZZ")
    other = re.sub(r"\d", "9", other) if other == word else other
    return other if other != word else f"Z{word}"


def _answer(browser: Client, route: str, word: str) -> str:
    """An answer without the word that was asked for and without what differs every time."""
    with transaction.atomic():
        answer = browser.get(reverse(route), {"q": word})
        transaction.set_rollback(True)
    # Before the word is taken out: a short one may stand in a token, which would be none any more.
    text = ONCE.sub("", f"{answer.status_code} {answer.content.decode()}")
    for said in {word, word.replace("@", "%40"), word.upper(), word.lower()}:
        text = text.replace(said, "·")
    return text
