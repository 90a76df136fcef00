"""Processes across systems: durable steps, each with its state, attempts and compensation (INT-42)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.states import ProcessState, StepState


class Process(models.Model):
    """One run of a process about one subject; at most one is under way per kind and subject.

    run counts the runs of a subject from 1. failure: why it is being undone or waits: {reason, code, cause,
    error_class, evidence}. settings_version: how its flow was set when it began; it ends as it began.
    """

    kind = models.CharField(_("process"), max_length=40)
    subject = models.CharField(_("about"), max_length=80)
    run = models.PositiveIntegerField(default=1)
    state = models.CharField(_("state"), max_length=12, choices=ProcessState, default=ProcessState.RUNNING)
    failure = models.JSONField(default=dict, blank=True)
    settings_version = models.PositiveIntegerField(default=0)
    company_number = models.CharField(max_length=40, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)
    started_at = models.DateTimeField(_("began"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("process")
        verbose_name_plural = _("processes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "run"], name="process_run"),
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(state__in=["running", "undoing", "waiting"]),
                name="process_one_under_way",
            ),
            models.CheckConstraint(condition=Q(state__in=ProcessState.values), name="process_state_known"),
        ]
        indexes = [models.Index(fields=["subject"], name="process_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} #{self.run}"


class ProcessStep(models.Model):
    """A step of a process: what went in, what came out, how often it was tried, and its undoing.

    tried_at: when the attempt began that has no end yet. lost_at: the latest moment at which an attempt
    whose answer never came can have been sent; that one may still take effect there.
    """

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=StepState, default=StepState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    undo_attempts = models.PositiveIntegerField(default=0)
    input = models.JSONField(default=dict, blank=True)
    output = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["process", "position"]
        constraints = [
            models.UniqueConstraint(fields=["process", "position"], name="process_step_position"),
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="process_step_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.process} {self.name}"
