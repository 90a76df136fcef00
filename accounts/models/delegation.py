"""Deciding for somebody who is absent."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Company
from accounts.models.people import User
from core.history import history


class Delegation(models.Model):
    """Somebody decides on approvals for somebody else in a company, from one moment until another.

    It gives what the absent person may do there at that time and no more: when that ends, or either
    person is deactivated, it gives nothing. ended_at: taken back before its time. Half-open.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="delegations")
    delegator = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="delegations", verbose_name=_("absent")
    )
    delegate = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="stands_in_for", verbose_name=_("decides instead")
    )
    valid_from = models.DateTimeField(_("from"))
    valid_until = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    history = history()

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="delegation_from_until"
            ),
            models.CheckConstraint(condition=~Q(delegator=F("delegate")), name="delegation_to_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.delegator} → {self.delegate}"
