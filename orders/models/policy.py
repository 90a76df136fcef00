"""What is done when the ERP disagrees or does not answer at checkout, in versions; and by account."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from core.history import history


class CheckoutPolicy(models.Model):
    """The table of rules, a version: a draft until it is put in force, never edited afterwards.

    rules: {cell: rule}, see orders.rules.live. cached_credit_amount: up to which sum of unconfirmed
    orders our last known credit counts while the ERP does not answer. restores: the version that this one
    repeats. Source: INT-29, X-03, X-24.
    """

    version = models.PositiveIntegerField(_("version"), unique=True)
    rules = models.JSONField(_("rules"))
    cached_credit_amount = models.DecimalField(
        _("last known credit counts up to"), max_digits=18, decimal_places=4, null=True, blank=True
    )
    active_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    restores = models.PositiveIntegerField(_("repeats version"), null=True, blank=True)
    note = models.CharField(_("why"), max_length=300)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    history = history()

    class Meta:
        verbose_name = _("checkout policy")
        verbose_name_plural = _("checkout policies")
        ordering = ["-version"]
        indexes = [
            models.Index(
                fields=["-active_from"],
                name="checkout_policy_in_force",
                condition=Q(active_from__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{_('Version')} {self.version}"


class CachedCredit(models.Model):
    """How far we trust our last known credit of one account while the ERP does not answer (X-24)."""

    company = models.OneToOneField(Company, on_delete=models.CASCADE, related_name="+")
    amount = models.DecimalField(
        _("last known credit counts up to"), max_digits=18, decimal_places=4, help_text=_("with tax")
    )
    note = models.CharField(_("why"), max_length=300)

    history = history()

    class Meta:
        verbose_name = _("credit without the ERP")
        verbose_name_plural = _("credit without the ERP")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="cached_credit_not_negative",
                violation_error_message=_("The amount must not be negative."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.company)
