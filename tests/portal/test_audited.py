"""What people do through the pages stands in the audit log, with who and for whom."""

import pytest
from django.test import Client

from core.models import AuditEntry
from tests.factories.orders import order_now, sell

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/"


def entries(*names):
    return [tuple(getattr(entry, name) for name in names) for entry in AuditEntry.objects.order_by("pk")]


@pytest.mark.req("SEC-08")
def test_sign_in_sign_out_and_a_wrong_password_are_kept_without_what_was_typed(anna):
    browser = Client()
    browser.post(SIGN_IN, {"login": anna.user.email, "password": "wrong"})
    browser.post(SIGN_IN, {"login": "nobody@acme.example", "password": "wrong"})
    browser.post(SIGN_IN, {"login": anna.user.email, "password": "pass-phrase-4711"})
    browser.post("/accounts/logout/")

    me = f"user:{anna.user.pk}"
    assert entries("action", "object_key", "actor_key") == [
        ("session.refused", str(anna.user.pk), "portal"),
        ("session.refused", "unknown", "portal"),
        ("session.opened", str(anna.user.pk), me),
        ("session.closed", str(anna.user.pk), me),
    ]
    assert "acme.example" not in str(entries("data", "object_key", "actor_key"))


@pytest.mark.req("SEC-08")
def test_an_order_leaves_one_entry_with_what_it_is_worth(anna):
    sell("A1", "2.00")
    order = order_now(anna, A1=3)

    entry = AuditEntry.objects.get(object_kind="order", object_key=order.number)
    assert (entry.action, entry.user_id, entry.company_number) == ("order.received", anna.user.pk, "ACME")
    assert (entry.data["net_amount"], entry.data["currency"]) == ("6.00", "EUR")
    assert entry.correlation_id == order.correlation_id
