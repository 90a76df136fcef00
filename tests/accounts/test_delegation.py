"""Naming who decides during one's absence: somebody else, and for a time that is not over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions.delegation import delegate_approvals
from accounts.models import Delegation
from core.errors import InvalidValue
from tests.conftest import enrol

pytestmark = [pytest.mark.django_db, pytest.mark.req("APR-09")]


def test_nobody_stands_in_for_oneself(boris):
    now = timezone.now()

    with pytest.raises(InvalidValue) as refusal:
        delegate_approvals(boris.scope, boris.user.pk, now, now + timedelta(days=3), by=boris.actor)

    assert refusal.value.details["field"] == "delegate"
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(("first", "last"), [(-3, -1), (3, 1), (1, 1)])
def test_a_time_that_is_over_or_none_is_refused(boris, first, last):
    dora, now = enrol("Dora", boris.company, "buyer"), timezone.now()
    days = (now + timedelta(days=first), now + timedelta(days=last))

    with pytest.raises(InvalidValue) as refusal:
        delegate_approvals(boris.scope, dora.user.pk, *days, by=boris.actor)

    assert refusal.value.details["field"] == "valid_until"
    assert not Delegation.objects.exists()
