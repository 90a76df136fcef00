"""Other systems as all workers see them: there or not, how fast they may be asked, when they rest."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.history import history
from integrations.states import WindowKind


class System(models.Model):
    """Another system as all workers see it: is it there, may we call it.

    rate_per_second, burst: how fast it may be asked by all workers together, no limit when empty;
    tokens as of tokens_at is what is left of it, below zero when calls wait for their turn. rest_until:
    it asked to be left alone until then. Source: INT-23, INT-27, failure bank 34.
    """

    key = models.CharField(_("system"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    down_since = models.DateTimeField(_("not reached since"), null=True, blank=True)
    next_probe_at = models.DateTimeField(_("next try"), null=True, blank=True)
    last_answer_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    rate_per_second = models.FloatField(_("calls per second"), null=True, blank=True)
    burst = models.PositiveIntegerField(_("calls at once"), default=1)
    tokens = models.FloatField(default=0)
    tokens_at = models.DateTimeField(null=True, blank=True)
    rest_until = models.DateTimeField(_("asked to be left alone until"), null=True, blank=True)

    class Meta:
        verbose_name = _("system")
        verbose_name_plural = _("systems")

    def __str__(self) -> str:
        return self.key


class SystemWindow(models.Model):
    """A time in which a system is not to be expected: its batch run, or its maintenance (INT-47).

    Every week at `weekdays` (0 is Monday) from `starts` to `ends` of the ERP's zone, past midnight if
    it ends before it starts; or once, from `from_at` until `until_at`. While it lasts, its flows
    wait, what waits for it is no alarm, and its time does not count against freshness limits.
    """

    system = models.CharField(_("system"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=WindowKind)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)
    from_at = models.DateTimeField(_("once, from"), null=True, blank=True)
    until_at = models.DateTimeField(_("once, until"), null=True, blank=True)
    note = models.CharField(_("what for"), max_length=200, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    history = history()

    class Meta:
        verbose_name = _("time of rest")
        verbose_name_plural = _("times of rest")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts__isnull=False, ends__isnull=False, from_at=None, until_at=None)
                | Q(starts=None, ends=None, until_at__gt=F("from_at")),
                name="system_window_weekly_or_once",
                violation_error_message=_(
                    "Give either a beginning and an end of the day, or a first and a later last moment, not both."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.get_kind_display()}"
