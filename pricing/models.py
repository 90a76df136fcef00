"""Tables of pricing: lists, immutable price rows, who gets which list, policies, tax."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from catalog.models import Product
from core.history import history


class PriceKind(models.TextChoices):
    """The kinds of price sources that a precedence puts in order (PRC-09)."""

    CONTRACT = "contract", _("Agreement")
    GROUP = "group", _("Customer group")
    LIST = "list", _("List price")


class PriceList(models.Model):
    """A named set of prices of one kind in one currency; told by the ERP, or by a supplier's files.

    source: the system whose flows bring it, and nobody else's: what is before the dot of their names.
    """

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=10, choices=PriceKind)
    currency = models.CharField(_("currency"), max_length=3)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    as_of = models.DateTimeField(_("as of"))
    source = models.CharField(_("source"), max_length=40, default="erp", editable=False)
    last_run = models.ForeignKey(
        "PriceRun", null=True, editable=False, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    history = history(quiet=["as_of", "last_run"])

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.name


class PriceListAssignment(models.Model):
    """Who gets a price list: a company and its branches, a segment, or everybody when both are empty.

    segment: see accounts.segments; such a row is ours, the others are the ERP's. valid_from and valid_until are days of the ERP's zone, half open (PRC-11).
    """

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="assignments")
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.CASCADE, related_name="price_lists"
    )
    segment = models.CharField(_("segment"), max_length=60, blank=True)
    priority = models.IntegerField(_("priority"), default=0)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until, exclusive"), null=True, blank=True)

    history = history()

    class Meta:
        verbose_name = _("price list of a company")
        verbose_name_plural = _("price lists of companies")
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "company", "segment"],
                nulls_distinct=False,
                name="assignment_list_company",
            ),
            models.CheckConstraint(condition=Q(company=None) | Q(segment=""), name="assignment_to_one"),
        ]

    def __str__(self) -> str:
        return f"{self.price_list} · {self.company or self.segment or _('everybody')}"


class PriceRun(models.Model):
    """One import of prices: the version that rows name (PRC-10). An import that changes nothing has none.

    rising: how many steps of its ladders cost more than the one before. undoes: the import whose
    prices this one took back.
    """

    system = models.CharField(max_length=40)
    flow = models.CharField(max_length=60)
    as_of = models.DateTimeField()
    started_at = models.DateTimeField(auto_now_add=True)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    rising = models.PositiveIntegerField(_("rising steps"), default=0)
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("price import")
        verbose_name_plural = _("price imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.flow} {self.pk}"


class PriceRow(models.Model):
    """One step of a ladder: an immutable version, its own history and its own undo.

    From `min_quantity` base units on (inclusive), `price_unit` base units cost `unit_price`.
    A row is current while `ended_run` is empty.
    """

    # The database checks list and product as a set, by triggers (migration 0005): one look-up for
    # each of a million rows took longer than writing them. The index of current rows begins with the list.
    price_list = models.ForeignKey(
        PriceList, on_delete=models.PROTECT, related_name="rows", db_index=False, db_constraint=False
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    min_quantity = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)
    price_unit = models.DecimalField(max_digits=18, decimal_places=6, default=1)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    formula = models.CharField(max_length=200, blank=True)
    # The merge writes both from one run that it has just made; asking the database to look it up
    # again for each of a million rows took longer than writing them.
    run = models.ForeignKey(
        PriceRun, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    ended_run = models.ForeignKey(
        PriceRun,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "product", "min_quantity", "valid_from"],
                condition=Q(ended_run=None),
                nulls_distinct=False,
                name="price_row_one_current",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0) & Q(price_unit__gt=0) & Q(min_quantity__gte=0),
                name="price_row_positive",
            ),
        ]
        indexes = [
            # Few lists have dated prices: whether any can overlap is asked at every import.
            models.Index(
                fields=["price_list", "product"],
                name="price_row_dated",
                condition=Q(ended_run=None, valid_from__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price_list} {self.product_id} from {self.min_quantity}: {self.unit_price}"


class ItemCost(models.Model):
    """What a product costs us, per base unit: for the margin that sales sees, never a buyer."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="cost")
    cost_price = models.DecimalField(_("cost"), max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3)
    as_of = models.DateTimeField(_("as of"))

    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("cost of a product")
        verbose_name_plural = _("costs of products")

    def __str__(self) -> str:
        return f"{self.product}: {self.cost_price}"


class PricePolicy(models.Model):
    """How price sources win and how low a price may go: a version, in force from a moment on.

    precedence: kinds of sources, the first wins. floor_margin_percent: a price below
    cost / (1 - margin) is below the floor. Source: PRC-09, QTE-04.
    """

    version = models.PositiveIntegerField(unique=True)
    precedence = ArrayField(models.CharField(max_length=10, choices=PriceKind))
    floor_margin_percent = models.DecimalField(max_digits=5, decimal_places=2)
    active_from = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    history = history()

    class Meta:
        verbose_name = _("price policy")
        verbose_name_plural = _("price policies")
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"{_('Version')} {self.version}"


class TaxRate(models.Model):
    """A rate of tax by the ERP's tax code, in percent; owned by the ERP (CRT-17)."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    percent = models.DecimalField(_("percent"), max_digits=6, decimal_places=3)
    erp_id = models.CharField(_("id in the ERP"), max_length=60, blank=True)
    as_of = models.DateTimeField(_("as of"))

    history = history(quiet=["as_of"])

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")

    def __str__(self) -> str:
        return self.name
