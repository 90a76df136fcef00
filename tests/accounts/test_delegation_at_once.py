"""A delegation that two pages end at once ends once (APR-09)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions.delegation import delegate_approvals, end_delegation
from accounts.models import Delegation
from core.models import Event
from tests.orders.test_concurrency import at_once

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.req("APR-09")]


def test_of_two_ends_at_once_one_is_told_and_the_other_finds_none(boris, anna):
    now = timezone.now()
    made = delegate_approvals(boris.scope, anna.user.pk, now, now + timedelta(days=3), by=boris.actor)

    results = at_once([lambda: end_delegation(boris.scope, made.pk, by=boris.actor)] * 6)

    assert sorted(type(one).__name__ for one in results) == ["NoneType", *["NotFound"] * 5]
    assert Event.objects.filter(name="delegation.ended").count() == 1
    assert Delegation.objects.get().ended_at is not None
