"""Approval of orders: the rules of companies, and what was asked, seen and decided."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from accounts.states import Role
from core.history import history
from core.models import Traced
from orders.models.order import Order
from orders.states import ApprovalOutcome, RequestState, StepState


class ApprovalRule(models.Model):
    """One version of a company's rule: a draft until it is put in force, never edited afterwards.

    code: which rule it is a version of, within the company. conditions: all must hold, [{"kind": ..}], see
    orders.rules.conditions. steps: one after the other, [{"approvers": .., "needs": ..}], see
    orders.rules.steps. It counts for orders placed from `active_from` on and until `ended_at`; half-open.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="approval_rules")
    code = models.CharField(_("code"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=120)
    conditions = models.JSONField(_("conditions"), default=list)
    steps = models.JSONField(_("steps"), default=list)
    applies_below = models.BooleanField(_("also for the companies below"), default=True)
    may_be_replaced = models.BooleanField(_("companies below may replace it"), default=False)
    replaces_above = models.BooleanField(_("instead of replaceable rules from above"), default=False)
    allows_own = models.BooleanField(_("the buyer may approve the own order"), default=False)
    active_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    ended_at = models.DateTimeField(_("in force until"), null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    note = models.CharField(_("why"), max_length=300, blank=True)

    history = history()

    class Meta:
        verbose_name = _("approval rule")
        verbose_name_plural = _("approval rules")
        ordering = ["company_id", "code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["company", "code", "version"], name="approval_rule_version"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {_('version')} {self.version}"


class ApprovalRequest(models.Model):
    """An order that was submitted and waits for approval; submitted again it is another request.

    submitted_by: who pressed the button, the requester or somebody on his or her behalf. unit: the company
    it was placed for. rules: those that asked for it, with version and reason. figures: what they were judged
    by. stage: of the steps that are decided on now.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="approval_requests")
    round = models.PositiveIntegerField(_("round"))
    unit = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=RequestState, default=RequestState.OPEN)
    stage = models.PositiveIntegerField(_("stage"), default=1)
    rules = models.JSONField(_("rules"), default=list)
    figures = models.JSONField(_("figures"), default=dict)
    opened_at = models.DateTimeField(_("submitted"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "round"], name="approval_request_round"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="open"), name="approval_request_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="approval_request_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}/{self.round}"

    def speaks_of(self, condition: str) -> bool:
        """Whether one of the reasons why it was asked for is of this kind."""
        return any(reason["kind"] == condition for rule in self.rules for reason in rule.get("reasons", []))


class ApprovalStep(models.Model):
    """A step of a request; those of one stage stand side by side, and all of them are needed.

    Who may decide: whoever may approve (any_approver), of these roles, or these people; once it is
    escalated everybody who may approve. needs_all: everyone of them, instead of one. due_at: when it is
    escalated.
    """

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="steps")
    stage = models.PositiveIntegerField(_("stage"))
    rule = models.CharField(_("rule"), max_length=60)
    rule_name = models.CharField(_("rule"), max_length=120, blank=True)
    rule_version = models.PositiveIntegerField(_("version"), default=0)
    any_approver = models.BooleanField(_("everybody who may approve"), default=False)
    roles = ArrayField(models.CharField(max_length=20, choices=Role), default=list)
    people = ArrayField(models.BigIntegerField(), default=list)
    needs_all = models.BooleanField(_("all of them"), default=False)
    allows_own = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=10, choices=StepState, default=StepState.WAITING)
    remind_hours = models.PositiveIntegerField(_("reminder after, hours"), null=True, blank=True)
    escalate_hours = models.PositiveIntegerField(_("escalated after, hours"), null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("approval step")
        verbose_name_plural = _("approval steps")
        ordering = ["request_id", "stage", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="approval_step_state_known"),
        ]
        indexes = [
            models.Index(fields=["remind_at"], name="approval_step_remind", condition=Q(state="open")),
            models.Index(fields=["due_at"], name="approval_step_due", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.request} {self.stage} {self.rule}"


class ApprovalDecision(Traced):
    """What somebody decided, as it was: a row that nobody can change or delete (APR-11).

    instead_of: whom the person stood in for. steps: of which steps it is the decision. figures: what the
    person saw, with what had changed since it was submitted.
    """

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    steps = ArrayField(models.BigIntegerField(), default=list)
    outcome = models.CharField(_("decision"), max_length=10, choices=ApprovalOutcome)
    comment = models.TextField(_("comment"), blank=True)
    instead_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    rules = models.JSONField(_("rules"), default=list)
    figures = models.JSONField(_("figures"), default=dict)
    at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("approval decision")
        verbose_name_plural = _("approval decisions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.request}: {self.outcome}"
