"""Tables of the hub: flows and runs, inbox, deliveries and attempts, systems, identifiers, heartbeats."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Event
from integrations.states import DeliveryState, ErrorClass, InboxState


class System(models.Model):
    """Another system as all workers see it: is it there, may we call it."""

    key = models.CharField(_("system"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    down_since = models.DateTimeField(_("not reached since"), null=True, blank=True)
    next_probe_at = models.DateTimeField(_("next try"), null=True, blank=True)
    last_answer_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("system")
        verbose_name_plural = _("systems")

    def __str__(self) -> str:
        return self.key


class FlowState(models.Model):
    """Where a flow stands: cursor, last run, pause. The flows themselves are in flows.py.

    claimed_until, claimed_by: the lease of the worker that runs it. failures: in a row.
    full_due_at: when it is to read everything again.
    """

    flow = models.CharField(_("flow"), max_length=60, unique=True)
    cursor = models.JSONField(default=dict)
    is_paused = models.BooleanField(_("paused"), default=False)
    pause_reason = models.CharField(_("why paused"), max_length=300, blank=True)
    paused_by = models.CharField(_("paused by"), max_length=200, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=60, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    full_due_at = models.DateTimeField(_("next full comparison"), null=True, blank=True)
    next_run_at = models.DateTimeField(_("next run"), null=True, blank=True)
    last_run_at = models.DateTimeField(_("last run"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    as_of = models.DateTimeField(_("data as of"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")

    def __str__(self) -> str:
        return self.flow


class FlowRun(models.Model):
    """One run of an inbound flow; the counts add up: seen = new + changed + same + rejected."""

    flow = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    is_full = models.BooleanField(default=False)
    seen = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        verbose_name = _("flow run")
        verbose_name_plural = _("flow runs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["flow", "-id"], name="flow_run_flow")]

    def __str__(self) -> str:
        return f"{self.flow} {self.started_at:%Y-%m-%d %H:%M}"


class InboxMessage(models.Model):
    """A message that came in, known by the sender's id: a repeat does nothing (INT-35).

    version orders messages about one key; older than applied is dropped and counted (INT-36).
    next_try_at: when one that waits for its parent is tried again.
    """

    system = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    message_id = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    version = models.CharField(max_length=60)
    payload = models.JSONField()
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
                fields=["state", "id"],
                name="inbox_open",
                condition=Q(state__in=["new", "parked"]),
            ),
            models.Index(fields=["system", "kind", "key"], name="inbox_key"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.message_id}"


class Delivery(models.Model):
    """One event on its way to one destination.

    attempts is counted before the call. claimed_until: the lease of the worker that has it.
    Order is kept per subject and destination by the event's sequence.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    destination = models.CharField(_("to"), max_length=40)
    system = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"))
    claimed_until = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=60, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    buried_at = models.DateTimeField(null=True, blank=True)
    error_class = models.CharField(max_length=10, choices=ErrorClass, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "destination"], name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="delivery_due",
                condition=Q(state__in=["waiting", "sending"]),
            ),
            models.Index(
                fields=["destination", "subject", "sequence"],
                name="delivery_order",
                condition=~Q(state__in=["delivered", "dropped"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.destination}"


class DeliveryAttempt(models.Model):
    """One try: when, how long, how it ended. Texts of other systems are shortened and masked."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    error = models.CharField(max_length=500, blank=True)
    worker = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery} #{self.number}"


class Identifier(models.Model):
    """Another system's id of one of our things, both ways unique (INT-07)."""

    system = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "external_id"], name="identifier_external"),
            models.UniqueConstraint(fields=["system", "kind", "key"], name="identifier_key"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.external_id}"


class Heartbeat(models.Model):
    """The last sign of life of a worker cluster: written by a task that ran through the queue."""

    cluster = models.CharField(max_length=60, unique=True)
    beat_at = models.DateTimeField()
    host = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.cluster


class SentMail(models.Model):
    """A mail that left the portal; key says which effect it is, so that a repeat sends none."""

    key = models.CharField(max_length=160, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
