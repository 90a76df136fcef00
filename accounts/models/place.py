"""What a person may do in a company, as columns: a membership has them, and an invitation promises them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.states import Role


class PlaceFields(models.Model):
    """Ready-made roles, limits and whether the branches are included."""

    roles = ArrayField(
        models.CharField(max_length=20, choices=Role), default=list, blank=True, verbose_name=_("roles")
    )
    order_limit = models.DecimalField(
        _("may order up to, net"),
        max_digits=18,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Above it an approver decides. Empty: no limit. 0: every order is approved."),
    )
    approval_limit = models.DecimalField(
        _("may approve up to, net"),
        max_digits=18,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Orders above it need somebody else. Empty: no limit. 0: none."),
    )
    includes_branches = models.BooleanField(_("also for all branches"), default=False)

    class Meta:
        abstract = True
