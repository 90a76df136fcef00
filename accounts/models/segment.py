"""Segments: what customers have in common, kept as data (ACC-15)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Company
from core.history import history


class Segment(models.Model):
    """A region, a customer group, or the strategic customers; see accounts.segments for who is in it."""

    class Kind(models.TextChoices):
        REGION = "region", _("Region")
        GROUP = "group", _("Customer group")
        STRATEGIC = "strategic", _("Strategic customers")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)

    history = history()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="segment_kind_code"),
            models.CheckConstraint(
                condition=Q(kind__in=["region", "group", "strategic"]), name="segment_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """By what rules name it, such as "region:south"."""
        return f"{self.kind}:{self.code}"


class SegmentLimit(models.Model):
    """How old a kind of figure may be for the companies of a segment; of several the strictest counts (ACC-15)."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="limits")
    kind = models.CharField(_("figures"), max_length=40)
    limit_seconds = models.PositiveIntegerField(_("at most, seconds"))

    history = history()

    class Meta:
        verbose_name = _("age limit of a segment")
        verbose_name_plural = _("age limits of segments")
        ordering = ["segment_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "kind"], name="segment_limit_once"),
            models.CheckConstraint(
                condition=Q(limit_seconds__gt=0),
                name="segment_limit_positive",
                violation_error_message=_("An age limit is at least a second."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment} · {self.kind}"


class SegmentMember(models.Model):
    """A company that was put into a segment; the companies below it are in it with it."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members")
    company = models.ForeignKey(
        Company,
        on_delete=models.CASCADE,
        related_name="segments",
        verbose_name=_("company with all below it"),
    )

    history = history()

    class Meta:
        verbose_name = _("company of a segment")
        verbose_name_plural = _("companies of segments")
        ordering = ["segment_id", "company_id"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "company"], name="segment_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.company} · {self.segment}"
