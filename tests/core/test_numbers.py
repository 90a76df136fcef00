"""Numbers of documents: given once, whatever happens at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from core.numbers import next_number


@pytest.mark.django_db(transaction=True)
def test_two_hundred_parallel_numbers_are_all_different():
    def draw(_):
        try:
            return next_number("order")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(draw, range(200)))

    assert len(set(numbers)) == 200
    assert all(number.startswith("SO-") for number in numbers)


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_number_leaves_a_gap_and_is_not_given_again():
    with transaction.atomic():
        lost = next_number("quote")
        transaction.set_rollback(True)

    assert int(next_number("quote")[2:]) == int(lost[2:]) + 1


def test_an_unknown_kind_of_document_is_a_mistake():
    with pytest.raises(KeyError):
        next_number("banana")
