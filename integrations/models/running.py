"""Signs of life of the workers, and mails that left."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
