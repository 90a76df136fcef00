"""What is special about people of the staff: duties that exclude each other, acting for buyers."""

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Company
from accounts.models.people import User


class ForbiddenPair(models.Model):
    """Two roles that nobody may hold at once; `accounts.staff` writes them, a trigger holds them (SEC-12)."""

    first = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("forbidden pair of roles")
        verbose_name_plural = _("forbidden pairs of roles")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="forbidden_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="forbidden_pair_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"


class Assistance(models.Model):
    """A time in which somebody of the staff acts for a buyer: asked with a reason, ends by itself (ACC-16).

    user: of the staff. principal: the buyer, for whom what is done then is done.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="assistances", verbose_name=_("company")
    )
    principal = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("for"))
    reason = models.CharField(_("reason"), max_length=300)
    started_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    class Meta:
        verbose_name = _("acting for a buyer")
        verbose_name_plural = _("acting for buyers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("principal")), name="assistance_of_somebody_else"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="assistance_ends"),
            models.CheckConstraint(condition=~Q(reason=""), name="assistance_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.principal}"
