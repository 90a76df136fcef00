"""What is special about people of the staff: duties that exclude each other."""

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


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
