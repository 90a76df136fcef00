"""History rows that name the actor, the channel and the cause."""

from typing import Any

from django.db import models
from django.dispatch import receiver
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from core.actor import current_actor


class TracedHistory(models.Model):
    """Extra columns of every history row (SEC-08)."""

    actor_label = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True


def _user(instance: Any, **kwargs: Any) -> Any:
    """The person behind the change, by id; machines have none."""
    from django.contrib.auth import get_user_model

    actor = current_actor()
    if actor is None or actor.user_id is None:
        return None
    return get_user_model()(pk=actor.user_id)


def history(**options: Any) -> HistoricalRecords:
    """The history of a model, with the traced columns."""
    return HistoricalRecords(bases=[TracedHistory], get_user=_user, **options)


def traced() -> dict[str, str]:
    """The `TracedHistory` columns of the current actor, for history rows written as a set."""
    actor = current_actor()
    if actor is None:
        return {}
    return {
        "actor_label": actor.label,
        "on_behalf_of": actor.on_behalf_of,
        "channel": actor.channel,
        "correlation_id": actor.correlation_id,
    }


@receiver(pre_create_historical_record)
def _trace(sender: Any, history_instance: Any, **kwargs: Any) -> None:
    for name, value in traced().items():
        setattr(history_instance, name, value)
