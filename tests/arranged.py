"""Rows that are made once for a module, where each of its many tests would make the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from core import generations


def arranged(arrange: Callable[[], Any]) -> Any:
    """Return a fixture of what a function makes in the database, for tests marked `django_db` that do not commit.

    It is made in a transaction that ends with the module; what a test writes besides is taken back to a savepoint.
    The fixture is called for what the function returned, a copy each time: none sees what another did to an object.
    """

    @pytest.fixture(scope="module")
    def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
        with django_db_blocker.unblock(), transaction.atomic():
            result = arrange()
            # A state that was read is renamed by the next write, in every test anew: see core.generations.
            generations.current()
            yield lambda: deepcopy(result)
            transaction.set_rollback(True)

    return made
