"""Tables of quotes: requests, quotes, numbered revisions that freeze when sent, approvals."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Address, Company, PaymentTerm
from catalog.models import Product, ProductUnit
from core.history import history
from core.models import Traced
from quotes.states import QuoteStatus, RfqStatus

USER = settings.AUTH_USER_MODEL

# Requests that wait for an offer or were declined: those that became a quote stand with the quotes.
WAITING_RFQ = Q(status__in=[RfqStatus.SUBMITTED, RfqStatus.IN_WORK, RfqStatus.DECLINED])


class Rfq(models.Model):
    """A buyer's request for prices (QTE-01). token: of the cart it came from, unique."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="rfqs", db_index=False)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(_("submitted"))
    status = models.CharField(_("status"), max_length=10, choices=RfqStatus)
    token = models.UUIDField(unique=True)
    currency = models.CharField(max_length=3)
    note = models.TextField(_("note"), blank=True)
    po_number = models.CharField(_("PO number"), max_length=60, blank=True)
    requested_on = models.DateField(_("requested date"), null=True, blank=True)
    ship_to = models.ForeignKey(Address, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(_("reason"), blank=True)

    history = history()

    class Meta:
        verbose_name = _("request for quote")
        verbose_name_plural = _("requests for quote")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RfqStatus.values), name="rfq_status_known")
        ]
        indexes = [
            models.Index(fields=["company", "-id"], name="rfq_company"),
            models.Index(fields=["company", "-id"], condition=WAITING_RFQ, name="rfq_waiting"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """The subject of this request's events."""
        return f"rfq:{self.number}"


class RfqLine(models.Model):
    """A product that a price is asked for."""

    rfq = models.ForeignKey(Rfq, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(ProductUnit, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    target_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["rfq_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["rfq", "position"], name="rfq_line_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="rfq_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.rfq}/{self.position}"


class Quote(models.Model):
    """An offer to a company: one document, numbered revisions.

    `revision` is the number of the working revision; `sent_revision` of the one that the buyer
    sees and may accept, 0 before the first (QTE-09).
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="quotes", db_index=False)
    rfq = models.OneToOneField(Rfq, null=True, blank=True, on_delete=models.PROTECT, related_name="quote")
    owner = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name=_("sales contact")
    )
    contact = models.ForeignKey(
        USER,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("buyer"),
        db_index=False,
    )
    status = models.CharField(_("status"), max_length=20, choices=QuoteStatus)
    currency = models.CharField(max_length=3)
    revision = models.PositiveIntegerField(default=1)
    sent_revision = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1)
    order_number = models.CharField(max_length=20, blank=True)

    history = history(quiet=["updated_at"])

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=QuoteStatus.values), name="quote_status_known"),
            models.CheckConstraint(condition=Q(sent_revision__lte=F("revision")), name="quote_sent_within"),
        ]
        indexes = [
            models.Index(fields=["company", "-id"], name="quote_company"),
            models.Index(fields=["contact", "company", "-id"], name="quote_of_contact"),
            models.Index(fields=["id"], name="quote_sent", condition=Q(status="sent")),
            models.Index(fields=["company", "-id"], name="quote_waiting", condition=Q(status="sent")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """The subject of this quote's events."""
        return f"quote:{self.number}"


class QuoteRevision(models.Model):
    """One state of the offer. Frozen from the moment it is submitted for approval or sent.

    valid_until: the last day, in the ERP's zone, on which it may be accepted. maker_ids: everyone
    who had a hand in it; none of them may approve it (QTE-07).
    """

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    maker_ids = ArrayField(models.BigIntegerField(), default=list)
    valid_until = models.DateField(_("valid through"), null=True, blank=True)
    payment_term = models.ForeignKey(PaymentTerm, null=True, on_delete=models.PROTECT, related_name="+")
    ship_to = models.ForeignKey(Address, null=True, on_delete=models.PROTECT, related_name="+")
    requested_on = models.DateField(null=True, blank=True)
    po_number = models.CharField(max_length=60, blank=True)
    message = models.TextField(_("message to the buyer"), blank=True)
    internal_note = models.TextField(_("internal note"), blank=True)
    net_amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    tax_amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    gross_amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    taxes = models.JSONField(default=list)
    frozen_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(null=True)
    buyer_comment = models.TextField(blank=True)

    history = history()

    class Meta:
        ordering = ["quote_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "number"], name="revision_number"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")),
                name="revision_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quote} rev {self.number}"


class QuoteLine(models.Model):
    """A line of a revision, prices per the line's unit.

    list_price, contract_price, floor_price, cost_price: as the sales desk saw them, empty where
    there is none; only unit_price and net_amount are for the buyer. price_story: the
    explanation of list and contract price.
    """

    revision = models.ForeignKey(QuoteRevision, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(ProductUnit, null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.CharField(max_length=60)
    name = models.CharField(max_length=250)
    unit_code = models.CharField(max_length=3)
    unit_key = models.CharField(max_length=30)
    numerator = models.PositiveIntegerField()
    denominator = models.PositiveIntegerField(default=1)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    target_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    list_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    contract_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    floor_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    cost_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    net_amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    tax_code = models.CharField(max_length=40, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    price_story = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["revision_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "position"], name="quote_line_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="quote_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.revision}/{self.position}"

    @property
    def code(self) -> str:
        """The unit's code, as a packed unit is read by."""
        return self.unit_code


class QuotePolicy(models.Model):
    """When a revision needs a second pair of eyes: a version, in force from a moment on (QTE-06).

    A line below its floor always needs approval. Empty limits do not ask.
    """

    version = models.PositiveIntegerField(_("version"), unique=True)
    max_discount_percent = models.DecimalField(
        _("largest discount, %"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    min_margin_percent = models.DecimalField(
        _("least margin, %"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    max_net_amount = models.DecimalField(
        _("largest net amount"), max_digits=18, decimal_places=4, null=True, blank=True
    )
    validity_days = models.PositiveIntegerField(_("days an offer is valid"), default=30)
    active_from = models.DateTimeField(_("in force from"))
    note = models.CharField(_("why"), max_length=300, blank=True)

    history = history()

    class Meta:
        verbose_name = _("quote policy")
        verbose_name_plural = _("quote policies")
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"{_('Version')} {self.version}"


class QuoteApproval(Traced):
    """A request for approval of a revision and its decision, with the figures seen (APR-11)."""

    class Decision(models.TextChoices):
        PENDING = "pending", _("Pending")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned")

    revision = models.ForeignKey(QuoteRevision, on_delete=models.CASCADE, related_name="approvals")
    policy_version = models.PositiveIntegerField()
    reasons = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    asked_at = models.DateTimeField(auto_now_add=True)
    comment = models.TextField(blank=True)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PENDING)
    decided_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_comment = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision"],
                condition=Q(decision="pending"),
                name="approval_one_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.revision}: {self.decision}"


class QuoteMessage(Traced):
    """A message between buyer and sales on a quote; internal ones are for staff only."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="messages")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()
    is_internal = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quote}: {self.text[:40]}"
