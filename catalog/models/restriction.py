"""Restrictions: what must be fulfilled before somebody may buy a product."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, LicenceKind
from catalog.models.product import Category, Product
from core.history import history


class ProductRestriction(models.Model):
    """One condition on buying a product, or each product of a category and all below it (ENT-03, ENT-05, ENT-06).

    It binds a company and all below it, a segment (see accounts.segments), or everybody, on days of the ERP's
    zone, half open. By kind: `licence_kind` must be held; `max_quantity` base units of one product are what one
    company may order in a `period`, over all lines and units; goods may go to, or not to, the `country` and
    the postal codes that begin with `postal_prefix`. Where places are allowed, all others are not. note: what
    the buyer reads beside the refusal.
    """

    class Kind(models.TextChoices):
        LICENCE = "licence", _("Licence required")
        QUANTITY = "quantity", _("Quantity limit")
        ALLOWED_PLACE = "allowed_place", _("Goods may go only to")
        FORBIDDEN_PLACE = "forbidden_place", _("Goods may not go to")

    class Period(models.TextChoices):
        ORDER = "order", _("per order")
        DAY = "day", _("per day")
        WEEK = "week", _("per week")
        MONTH = "month", _("per month")
        QUARTER = "quarter", _("per quarter")
        YEAR = "year", _("per year")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("product")
    )
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("category with all below it"),
    )
    company = models.ForeignKey(
        Company,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("company with all below it"),
        help_text=_("Empty with an empty segment: everybody."),
    )
    segment = models.CharField(_("segment"), max_length=60, blank=True)
    licence_kind = models.ForeignKey(
        LicenceKind,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("licence"),
    )
    max_quantity = models.DecimalField(
        _("at most, in base units"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    period = models.CharField(_("period"), max_length=10, choices=Period, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    postal_prefix = models.CharField(_("postal codes that begin with"), max_length=20, blank=True)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until, exclusive"), null=True, blank=True)
    note = models.CharField(_("note to the buyer"), max_length=300, blank=True)

    history = history()

    class Meta:
        verbose_name = _("restriction of a product")
        verbose_name_plural = _("restrictions of products")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product=None, category__isnull=False) | Q(product__isnull=False, category=None),
                name="restriction_one_thing",
                violation_error_message=_("Name a product or a category, one of them."),
            ),
            models.CheckConstraint(
                condition=Q(company=None) | Q(segment=""),
                name="restriction_binds_one",
                violation_error_message=_("Choose a customer or a segment, not both."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="restriction_some_days",
                violation_error_message=_("The end must come after the beginning."),
            ),
            models.CheckConstraint(
                condition=Q(kind="licence", licence_kind__isnull=False)
                | Q(kind="quantity", max_quantity__gte=0)
                & Q(period__in=["order", "day", "week", "month", "quarter", "year"])
                | Q(kind__in=["allowed_place", "forbidden_place"], country__regex="^[A-Z]{2}$"),
                name="restriction_whole",
                violation_error_message=_(
                    "Fill in what its kind needs: a licence, a quantity that is not negative with its period, or a country of two letters."
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["category"], condition=Q(category__isnull=False), name="restriction_by_category"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.product or self.category}"

    @property
    def name(self) -> str:
        """How refusals call it."""
        return f"R-{self.pk}"

    @property
    def condition(self) -> str:
        """What it asks for, in short."""
        if self.kind == self.Kind.LICENCE:
            return str(self.licence_kind)
        if self.kind == self.Kind.QUANTITY:
            return f"≤ {(self.max_quantity or Decimal(0)).normalize():f} {self.get_period_display()}"
        return f"{self.country} {self.postal_prefix}".strip()
