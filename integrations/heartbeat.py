"""The workers' sign of life: a task that went through the queue and was done by one of them."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from integrations.models import Heartbeat

QUEUE, NAME = "Q_CLUSTER_NAME", "ACCORD_CLUSTER"
KEPT = timedelta(days=1)


def cluster_name(queue: str) -> str:
    """Name the cluster that this process supervises for a queue; no other has that name."""
    return f"{queue}@{socket.gethostname()[:30]}.{os.getpid()}"


def beat() -> None:
    """The canary: note that the cluster which runs this task takes work and finishes it."""
    name = os.environ.get(NAME, "")
    if name:
        Heartbeat.objects.update_or_create(
            cluster=name, defaults={"beat_at": Now(), "host": socket.gethostname()[:100]}
        )


def silence(cluster: str) -> timedelta | None:
    """Return how long ago a cluster finished a canary, by the database's clock; None if it never did."""
    return _age(Heartbeat.objects.filter(cluster=cluster))


def canary_age(queue: str) -> timedelta | None:
    """Return how long ago the freshest cluster of a queue finished a canary; None if none ever did."""
    return _age(Heartbeat.objects.filter(cluster__startswith=f"{queue}@"))


def _age(beats: QuerySet[Heartbeat]) -> timedelta | None:
    last = beats.order_by("-beat_at").annotate(now=Now()).values_list("now", "beat_at").first()
    return last[0] - last[1] if last else None


def forget(cluster: str) -> None:
    """Remove the heartbeat of a cluster that ended in good order: it is not missed."""
    Heartbeat.objects.filter(cluster=cluster).delete()


def forget_the_dead() -> None:
    """Remove the heartbeats of clusters that ended long ago."""
    Heartbeat.objects.filter(beat_at__lt=timezone.now() - KEPT).delete()
