"""Events on their way out, and every try."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Event
from integrations.states import DeliveryState, ErrorClass, Lane


class Delivery(models.Model):
    """One event on its way to one destination.

    attempts is counted before the call. claimed_until: the lease of the worker that has it.
    Order is kept per subject and destination by the event's sequence; the lane says who goes first
    among subjects (INT-06).
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    destination = models.CharField(_("to"), max_length=40)
    system = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.NORMAL)
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
                fields=["destination", "lane", "next_try_at", "id"],
                name="delivery_due",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["destination", "claimed_until"],
                name="delivery_on_the_way",
                condition=Q(state="sending"),
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
        # Rows come in the order of their time: the monitor reads the last hour, and writing costs nothing.
        indexes = [BrinIndex(fields=["started_at"], name="delivery_attempt_time", pages_per_range=16)]

    def __str__(self) -> str:
        return f"{self.delivery} #{self.number}"


class Comparison(models.Model):
    """A message that is held, beside what its receiver says: read there, nothing written (OPS-16).

    fits: whether it would be taken as it is. found: as `integrations.compared.Compared`, one by one.
    """

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="comparison")
    at = models.DateTimeField(_("compared"))
    fits = models.BooleanField(_("would be taken"))
    found = models.JSONField(default=list)

    class Meta:
        verbose_name = _("comparison")
        verbose_name_plural = _("comparisons")

    def __str__(self) -> str:
        return str(self.delivery)
