"""The rows that every app stands on: the event log, cases, refusals, conflicts, idempotency keys."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from core.actor import Actor


class Traced(models.Model):
    """Columns that say who did it, for whom, through which door."""

    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    actor_label = models.CharField(_("by"), max_length=200)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=60)
    source = models.CharField(max_length=10)
    correlation_id = models.CharField(max_length=64, db_index=True)

    class Meta:
        abstract = True


def trace(by: "Actor") -> dict[str, object]:
    """The `Traced` columns of an actor."""
    return {
        "actor_user_id": by.user_id,
        "actor_label": by.label,
        "on_behalf_of": by.behalf,
        "channel": by.channel,
        "source": by.source,
        "correlation_id": by.correlation_id,
    }


class Event(Traced):
    """A fact, written in the transaction of the change it describes; outbox and timeline in one.

    Rows are never changed but for `dispatched_at`. `sequence` counts per subject.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField(default=1)
    subject = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    company_number = models.CharField(max_length=40, blank=True)
    payload = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "sequence"], name="event_subject_sequence"),
        ]
        indexes = [
            models.Index(fields=["id"], name="event_undispatched", condition=Q(dispatched_at=None)),
            models.Index(fields=["name", "id"], name="event_name"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}#{self.sequence} {self.name}"


class Refusal(Traced):
    """An attempt that was refused and must be remembered: a foreign write, a missing right."""

    at = models.DateTimeField(auto_now_add=True)
    code = models.CharField(max_length=40)
    message = models.TextField()
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Conflict(Traced):
    """Two systems said different things of one field: both values, which one holds, and by which rule.

    model: "app.Model"; key: of the row, as people know it. winner: the system whose value holds.
    rule: the name of the rule that decided. Source: INT-03, CRT-11.
    """

    at = models.DateTimeField(auto_now_add=True)
    model = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    field = models.CharField(max_length=60)
    kept = models.JSONField(null=True)
    refused = models.JSONField(null=True)
    winner = models.CharField(max_length=40)
    loser = models.CharField(max_length=40)
    rule = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["model", "key"], name="conflict_model_key")]

    def __str__(self) -> str:
        return f"{self.model} {self.key} {self.field}"


class RowChange(models.Model):
    """A change of a row of a table without a history of its own: rights, groups, who is in which (SEC-08).

    Triggers write it, see `core.history.plain_tables`; nobody changes it. before, after: the row as JSON.
    """

    at = models.DateTimeField()
    table_name = models.CharField(max_length=63)
    row_key = models.BigIntegerField()
    kind = models.CharField(max_length=1)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    user_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(_("by"), max_length=200, blank=True)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        verbose_name = _("change of rights")
        verbose_name_plural = _("changes of rights")
        ordering = ["-id"]
        indexes = [models.Index(fields=["table_name", "row_key"], name="rowchange_row")]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_key} {self.kind}"


class AuditSeal(models.Model):
    """A seal over a batch of audit entries: the hash of the seal before it and of the entries' digests."""

    number = models.PositiveBigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    entries = models.PositiveIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal of the audit log")
        verbose_name_plural = _("seals of the audit log")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.digest}"


class AuditEntry(models.Model):
    """Something that somebody did and that matters: rights, money, decisions, sign-ins, exports (SEC-09).

    The database refuses to change or delete an entry; only its seal is set, once, by the function that
    seals. People stand in it as ids of users. recorded_at: the database's clock, whatever occurred_at says.
    company_id: of the company that had the number then, set by a trigger of accounts: numbers are given anew.
    """

    occurred_at = models.DateTimeField(_("time"))
    recorded_at = models.DateTimeField(db_default=Now())
    user_id = models.BigIntegerField(null=True)
    actor_key = models.CharField(_("who"), max_length=60)
    on_behalf_of = models.CharField(_("on behalf of"), max_length=60, blank=True)
    channel = models.CharField(_("by way of"), max_length=60)
    action = models.CharField(_("action"), max_length=60)
    object_kind = models.CharField(_("kind"), max_length=40, blank=True)
    object_key = models.CharField(_("about"), max_length=120, blank=True)
    company_number = models.CharField(_("company"), max_length=40, blank=True)
    company_id = models.BigIntegerField(null=True, editable=False)
    correlation_id = models.CharField(max_length=64, db_index=True)
    data = models.JSONField(default=dict)
    seal = models.ForeignKey(AuditSeal, null=True, on_delete=models.PROTECT, related_name="rows")
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        permissions = [("export_evidence", _("Can take out evidence"))]
        indexes = [
            models.Index(fields=["id"], name="audit_unsealed", condition=Q(seal=None)),
            models.Index(fields=["occurred_at"], name="audit_occurred"),
            models.Index(fields=["company_number", "occurred_at"], name="audit_company"),
            models.Index(fields=["company_id", "id"], name="audit_company_id"),
            models.Index(fields=["object_kind", "object_key"], name="audit_object"),
            models.Index(fields=["user_id", "occurred_at"], name="audit_user"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.action}"


class IdempotencyKey(models.Model):
    """What a client's key has already brought about (INT-37)."""

    client = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64)
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotency_client_key"),
        ]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"


class Freshness(models.Model):
    """Up to when everything of a kind of figure has been read from its owner; empty: never yet.

    limit_seconds: how old it may be, where people set it otherwise than the flow. rests_from,
    rests_until: the newest time in which its owner was not to be expected; it makes nothing older.
    is_off: such figures are not shown and nobody promises anything about them (OPS-09). segment_limits:
    {key of a segment of companies: seconds}, how old it may be for those in it (ACC-15).
    """

    kind = models.CharField(max_length=40, unique=True)
    as_of = models.DateTimeField(null=True, blank=True)
    limit_seconds = models.PositiveIntegerField(null=True, blank=True)
    rests_from = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    is_off = models.BooleanField(default=False)
    segment_limits = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.as_of}"


class Generation(models.Model):
    """A part of the name of the state that a kind of data is in: see core.generations. Triggers write it."""

    kind = models.CharField(max_length=20, db_index=True)
    value = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class CaseState(models.TextChoices):
    """A case is open until its fault is gone, or somebody decides to leave it, with a reason."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    IGNORED = "ignored", _("Ignored")


class Severity(models.TextChoices):
    """What it means for the buyer: a promise breaks, may break, or is untouched."""

    BROKEN = "broken", _("Promise broken")
    AT_RISK = "at_risk", _("Promise at risk")
    NONE = "none", _("No promise touched")


class Case(models.Model):
    """Something that needs a person: why, whose promise it touches, what it is worth.

    One open case per kind and subject; repeats are counted. Repairs by kind live in
    `integrations.repairs`.
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    system = models.CharField(max_length=40, blank=True)
    company_number = models.CharField(max_length=40, blank=True)
    cause = models.CharField(max_length=300)
    promise = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.NONE)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    evidence = models.JSONField(default=dict)
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    times = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(state="open"),
                name="case_one_open_per_subject",
            ),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_known"),
        ]
        indexes = [
            models.Index(fields=["state", "-last_at"], name="case_state_last"),
            models.Index(fields=["subject"], name="case_subject"),
        ]

    def __str__(self) -> str:
        return self.number


class CaseStep(Traced):
    """What was done on a case: seen, assigned, noted, repaired, closed; with the reason."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case} {self.kind}"
