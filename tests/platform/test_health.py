"""/healthz tells whether we can work, and keeps apart what is only a detail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from integrations import health as health_module
from integrations.models import FlowState, Heartbeat, System

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _see_afresh():
    health_module._see_migrations_in.cache_clear()
    yield
    health_module._see_migrations_in.cache_clear()


def beat(seconds_ago: int) -> None:
    Heartbeat.objects.create(
        cluster="accord@here.1", beat_at=timezone.now() - timedelta(seconds=seconds_ago), host="here"
    )


def test_it_is_well_with_database_migrations_and_a_fresh_canary(client):
    beat(seconds_ago=2)

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_it_needs_no_sign_in_and_is_never_cached(client):
    answer = client.get("/healthz")

    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("seconds_ago", [None, 120])
def test_a_worker_that_is_silent_is_a_failure(client, seconds_ago):
    if seconds_ago:
        beat(seconds_ago)

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert (answer.json()["worker"]["last_seen_seconds"] is None) is (seconds_ago is None)


def test_a_missing_migration_is_a_failure(client):
    beat(seconds_ago=2)
    MigrationRecorder.Migration.objects.filter(app="integrations").delete()

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["migrations"] == "missing"


def test_a_database_that_does_not_answer_is_a_failure_that_can_be_told(client, monkeypatch):
    beat(seconds_ago=2)

    def refuse() -> None:
        raise DatabaseError("secret address")

    monkeypatch.setattr(health_module.heartbeat, "canary_age", lambda queue: refuse())

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "down", "database": "DatabaseError"}
    assert "secret" not in answer.content.decode()


def test_an_erp_that_is_down_is_a_detail(client):
    beat(seconds_ago=2)
    System.objects.create(key="erp", kind="erp", down_since=timezone.now())

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["systems"] == {"erp": "down"}


def test_the_demo_is_ready_when_every_flow_came_to_its_end_once(client, settings):
    settings.DEMO = True
    beat(seconds_ago=2)
    waiting = FlowState.objects.create(flow="erp.products")
    FlowState.objects.create(flow="erp.customers", last_success_at=timezone.now())

    before = client.get("/healthz")
    FlowState.objects.filter(pk=waiting.pk).update(last_success_at=timezone.now())
    after = client.get("/healthz")

    assert before.status_code == 503
    assert before.json()["first_synchronisation"] == "not done"
    assert after.status_code == 200
