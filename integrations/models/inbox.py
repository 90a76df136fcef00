"""What came in, known by its sender's id."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.states import InboxState, Lane


class InboxMessage(models.Model):
    """A message that came in, known by the sender's id: a repeat does nothing (INT-35).

    version orders messages about one key; older than applied is dropped and counted (INT-36).
    next_try_at: when one that waits for its parent is tried again. lane: urgent ones are taken
    before all others (INT-06). channel: pulled by a flow, or pushed to us.
    """

    system = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    message_id = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    version = models.CharField(max_length=60)
    payload = models.JSONField()
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.NORMAL)
    channel = models.CharField(max_length=10, default="pull")
    state = models.CharField(max_length=12, choices=InboxState, default=InboxState.NEW)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    times = models.PositiveIntegerField(default=1)
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("inbound message")
        verbose_name_plural = _("inbound messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "message_id"], name="inbox_message_once")
        ]
        indexes = [
            models.Index(
                fields=["lane", "id"],
                name="inbox_open",
                condition=Q(state__in=["new", "parked"]),
            ),
            models.Index(fields=["system", "kind", "key", "-applied_at"], name="inbox_record"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.message_id}"
