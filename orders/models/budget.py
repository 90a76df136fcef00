"""Budgets: what a member, a unit or a cost centre may spend in a period, and every movement of it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from core.history import history
from orders.models.order import Order
from orders.states import BudgetMove, OnExceeding, PeriodKind


class CostCentre(models.Model):
    """Where a company books what it orders; chosen at checkout where the company has any."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="cost_centres")
    code = models.CharField(_("code"), max_length=30)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("in use"), default=True)

    history = history()

    class Meta:
        verbose_name = _("cost centre")
        verbose_name_plural = _("cost centres")
        ordering = ["company_id", "code"]
        constraints = [models.UniqueConstraint("company", Lower("code"), name="cost_centre_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Budget(models.Model):
    """How much may be ordered in a period, net, in the company's currency.

    By everybody of the company (and below it), by one member, for one cost centre, or for both. amount: empty
    means no limit, zero that nothing is free. Its row is what orders lock before they reserve.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="budgets")
    name = models.CharField(_("name"), max_length=120)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("member"),
    )
    cost_centre = models.ForeignKey(
        CostCentre,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="budgets",
        verbose_name=_("cost centre"),
    )
    includes_below = models.BooleanField(_("also for the companies below"), default=False)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(
        _("per period, net"),
        max_digits=18,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Empty: no limit. 0: nothing is free."),
    )
    period = models.CharField(_("period"), max_length=10, choices=PeriodKind)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until, inclusive"), null=True, blank=True)
    on_exceeding = models.CharField(
        _("when it is exceeded"), max_length=10, choices=OnExceeding, default=OnExceeding.APPROVE
    )
    is_active = models.BooleanField(_("in force"), default=True)

    history = history()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["company_id", "name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0), name="budget_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(period="custom") | (Q(starts_on__isnull=False) & Q(ends_on__gte=F("starts_on"))),
                name="budget_custom_from_until",
            ),
            models.CheckConstraint(condition=Q(period__in=PeriodKind.values), name="budget_period_known"),
            models.CheckConstraint(
                condition=Q(on_exceeding__in=OnExceeding.values), name="budget_on_exceeding_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetEntry(models.Model):
    """One movement: an order reserves, gives back, spends, or has spending given back. Never changed.

    period_on: the first day of the period it counts in. amount: net, always above zero; the kind says
    which way. reserved = reserved - released - spent; spent = spent - refunded.
    """

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="entries")
    period_on = models.DateField(_("period from"))
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="budget_entries")
    kind = models.CharField(max_length=10, choices=BudgetMove)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    at = models.DateTimeField(auto_now_add=True)
    actor_label = models.CharField(_("by"), max_length=200)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("budget movement")
        verbose_name_plural = _("budget movements")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="budget_entry_positive"),
            models.CheckConstraint(condition=Q(kind__in=BudgetMove.values), name="budget_entry_kind_known"),
        ]
        indexes = [models.Index(fields=["budget", "period_on"], name="budget_entry_period")]

    def __str__(self) -> str:
        return f"{self.budget} {self.kind} {self.amount}"
