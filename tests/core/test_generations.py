"""Generations: every committed write renames the state of its kind, and writers never wait for each other."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from core import freshness
from core.generations import current
from core.models import Freshness
from tests.factories.catalog import MORNING

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PERF-03")]


def elsewhere(work: Callable[[], object]) -> None:
    """Do something on a connection of its own, to its end; it may wait for no lock."""

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            done.append(work())
        finally:
            connection.close()

    done: list[object] = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert done


def write(kind: str) -> bool:
    Freshness.objects.create(kind=kind, as_of=MORNING)
    return True


def name() -> str | None:
    return current().get("ages")


def test_each_kind_of_statement_renames_the_state_and_reading_does_not():
    names = [name()]
    for work in (
        lambda: write("a"),
        lambda: Freshness.objects.update(as_of=MORNING),
        lambda: Freshness.objects.all().delete(),
        lambda: freshness.note("b", MORNING),
    ):
        work()
        names.append(name())
        Freshness.objects.count()

        assert name() == names[-1]

    assert len(set(names)) == 5


def test_a_rolled_back_write_leaves_the_name_as_it_was_and_uses_its_own_up():
    before = name()
    with transaction.atomic():
        write("a")
        inside = name()
        transaction.set_rollback(True)
    after = name()
    write("a")

    assert inside != before
    assert after == before
    assert name() not in (before, inside)


def test_two_writers_of_a_kind_do_not_wait_and_each_commit_renames():
    write("a")
    names = [name()]

    with transaction.atomic():
        write("first")
        elsewhere(lambda: write("second"))
        elsewhere(lambda: names.append(name()) or True)
    names.append(name())

    assert len(set(names)) == 3
    assert Freshness.objects.count() == 3


def test_a_transaction_renames_again_after_it_has_read_the_names():
    with transaction.atomic():
        write("a")
        first = name()
        write("b")

        assert name() != first
