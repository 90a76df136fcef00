"""Companies as the ERP knows them, and what it grants them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode
from tree_queries.query import TreeManager, TreeQuerySet

from accounts.models.plain import PlainName, PlainTaxId
from accounts.standing import Standing
from accounts.states import Right
from core.history import history


class PaymentTerm(models.Model):
    """When an invoice is due; owned by the ERP (CRT-08)."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    net_days = models.PositiveIntegerField(_("days net"), default=0)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)

    history = history()

    class Meta:
        verbose_name = _("payment term")
        verbose_name_plural = _("payment terms")

    def __str__(self) -> str:
        return self.name


class Company(TreeNode):
    """A customer: a group, a company or a branch of one (ACC-01).

    `number` is the customer number of the ERP; one that has registered here and that the ERP does not know yet has
    one of ours. A company trades in one currency.
    """

    Status = Standing

    number = models.CharField(_("customer number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    currency = models.CharField(_("currency"), max_length=3)
    tax_id = models.CharField(_("VAT number"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    invoice_contact = models.CharField(_("contact for invoices"), max_length=120, blank=True)
    invoice_email = models.EmailField(_("e-mail for invoices"), blank=True)
    needs_approval = models.BooleanField(
        _("orders need an approval"),
        default=False,
        help_text=_("The ERP asks for one: of its orders and those of the companies below it."),
    )
    payment_term = models.ForeignKey(
        PaymentTerm,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("payment term"),
        help_text=_("Empty: as the parent company."),
    )
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)
    as_of = models.DateTimeField(_("as of"), null=True, blank=True)
    sales_rep = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="customers",
        verbose_name=_("sales contact"),
    )
    requires_second_factor = models.BooleanField(
        _("second factor required"),
        default=False,
        help_text=_("Whoever acts for it, or for a company below it, signs in with a second factor."),
    )
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged_from",
        verbose_name=_("merged into"),
    )
    needs_po_number = models.BooleanField(_("PO number required"), default=False)

    objects: ClassVar[TreeManager] = TreeQuerySet.as_manager()
    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["number"]
        permissions = [(str(right), right.label) for right in Right]
        indexes = [
            models.Index(PlainTaxId("tax_id"), name="company_plain_tax_id"),
            models.Index(PlainName("name"), name="company_plain_name"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="company_not_own_parent"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="company_currency_known"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "active", "on_hold", "rejected", "closed"]),
                name="company_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """A place that goods or invoices of a company go to; owned by the ERP (ACC-03, ACC-04).

    erp_id: the ERP's key of the row. ship_to_code, bill_to_code: the numbers that it goes by there in these
    roles, empty where the ERP gives it none of its own.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="addresses")
    erp_id = models.CharField(_("id in the ERP"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    street = models.CharField(_("street"), max_length=300, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    is_ship_to = models.BooleanField(_("deliveries"), default=False)
    is_bill_to = models.BooleanField(_("invoices"), default=False)
    ship_to_code = models.CharField(_("ship-to number"), max_length=60, blank=True)
    bill_to_code = models.CharField(_("bill-to number"), max_length=60, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    as_of = models.DateTimeField(_("as of"))

    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["company_id", "name", "id"]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.street, self.city) if part)

    @property
    def ship_to_number(self) -> str:
        """What the ERP calls it as ship-to, "" when no goods go there."""
        return (self.ship_to_code or self.erp_id) if self.is_ship_to else ""

    @property
    def bill_to_number(self) -> str:
        """What the ERP calls it as bill-to, "" when no invoices go there."""
        return (self.bill_to_code or self.erp_id) if self.is_bill_to else ""


class CreditAccount(models.Model):
    """What a company owes and may owe, by the ERP's word; the row that credit decisions lock.

    limit_amount: empty means no limit, zero means no credit. used_amount: the ERP's figure as of
    `as_of`, by the ERP's clock. Amounts with tax, in the company's currency.
    """

    company = models.OneToOneField(Company, on_delete=models.PROTECT, related_name="credit")
    currency = models.CharField(max_length=3)
    limit_amount = models.DecimalField(_("limit"), max_digits=18, decimal_places=4, null=True, blank=True)
    used_amount = models.DecimalField(_("used"), max_digits=18, decimal_places=4, default=0)
    is_on_hold = models.BooleanField(_("on hold"), default=False)
    as_of = models.DateTimeField(_("as of"))

    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("credit account")
        verbose_name_plural = _("credit accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_amount=None) | Q(limit_amount__gte=0), name="credit_limit_positive"
            )
        ]

    def __str__(self) -> str:
        return f"{self.company}: {self.limit_amount} {self.currency}"
