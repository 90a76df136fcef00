"""Where each flow stands, how it is set, what its runs brought."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.history import history
from core.models import Traced
from integrations.states import FlowMode


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
    """One run of an inbound flow; the counts add up: seen = new + changed + same + rejected.

    outside: what came for those that the flow is not live for; it is left as it is and not counted as
    seen. mode: how the flow was set then; a shadow run counts what it would have changed. undone_at: when
    what it brought was taken back.
    """

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
    outside = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    mode = models.CharField(max_length=10, choices=FlowMode, default=FlowMode.LIVE)
    settings_version = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        verbose_name = _("flow run")
        verbose_name_plural = _("flow runs")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["flow", "-id"], name="flow_run_flow"),
            models.Index(fields=["started_at"], name="flow_run_time"),
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.started_at:%Y-%m-%d %H:%M}"


class RejectedRow(models.Model):
    """A row that the last reading of it could not take; gone when a reading finds it good, or gone.

    record: what finds it again over there, never its amounts or addresses. is_refused: its whole
    batch was refused with it, for it had more bad rows than the flow tolerates. Source: INT-48.
    """

    flow = models.CharField(_("flow"), max_length=60)
    key = models.CharField(_("row"), max_length=160)
    field = models.CharField(_("field"), max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    code = models.CharField(_("kind"), max_length=40)
    record = models.JSONField(_("what came"), default=dict)
    is_refused = models.BooleanField(_("refused with its batch"), default=False)
    rejected_at = models.DateTimeField(_("since"))
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["id"]
        indexes = [models.Index(fields=["flow", "key"], name="rejected_row_flow")]

    def __str__(self) -> str:
        return f"{self.flow} {self.key}"


class FlowSettings(Traced):
    """How a flow is set: a version, in force until the next; nothing is ever overwritten (INT-64).

    Empty times and texts mean what flows.py says. mode: live, shadow (compare, change nothing) or held
    (nothing passes, nothing is lost). tolerance, most_gone: see `parse_tolerance`. rollout: {criterion:
    [values]}, whom it is live for; empty is everybody. mapping: {kind: {their word: ours}}, laid over
    the connector's own. steward, escalate_to: mail addresses. restores: the version this one
    brought back.
    """

    flow = models.CharField(_("flow"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    is_active = models.BooleanField(_("in force"), default=True)
    mode = models.CharField(_("mode"), max_length=10, choices=FlowMode, default=FlowMode.LIVE)
    every_seconds = models.PositiveIntegerField(_("every, in seconds"), null=True, blank=True)
    limit_seconds = models.PositiveIntegerField(_("limit, in seconds"), null=True, blank=True)
    full_every_seconds = models.PositiveIntegerField(_("full comparison, in seconds"), null=True, blank=True)
    tolerance = models.CharField(_("tolerance"), max_length=30, blank=True)
    most_gone = models.CharField(_("may end at once"), max_length=30, blank=True)
    rollout = models.JSONField(_("live for"), default=dict, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    steward = models.EmailField(_("responsible"), blank=True)
    escalate_to = models.EmailField(_("then"), blank=True)
    escalate_after_seconds = models.PositiveIntegerField(_("then after, in seconds"), null=True, blank=True)
    note = models.CharField(_("why"), max_length=300)
    made_at = models.DateTimeField(auto_now_add=True)
    restores = models.PositiveIntegerField(null=True, blank=True)

    history = history()

    class Meta:
        verbose_name = _("settings of a flow")
        verbose_name_plural = _("settings of flows")
        ordering = ["flow", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["flow", "version"], name="flow_settings_version"),
            models.UniqueConstraint(
                fields=["flow"], condition=Q(is_active=True), name="flow_settings_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flow} v{self.version}"


class Difference(models.Model):
    """What a shadow run found to differ: nothing was changed (OPS-16).

    change: new, changed or removed. ours, theirs: the fields that differ, {} where there is no row.
    """

    run = models.ForeignKey(FlowRun, on_delete=models.CASCADE, related_name="differences")
    key = models.CharField(max_length=160)
    change = models.CharField(max_length=10)
    ours = models.JSONField(default=dict)
    theirs = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key
