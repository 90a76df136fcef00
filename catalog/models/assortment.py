"""Assortments: which products a company sees. An installation without any shows everybody everything."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from catalog.models.product import Category, Product
from core.history import history


class Assortment(models.Model):
    """A part of the catalogue that companies can be given (ENT-01, ENT-15).

    covers: what it holds before its rules are looked at. A rule that takes something out wins over
    every rule and every other assortment that puts it in.
    """

    class Covers(models.TextChoices):
        LISTED = "listed", _("Only what its rules put in")
        ALL = "all", _("Everything but what its rules take out")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=150)
    covers = models.CharField(_("holds"), max_length=10, choices=Covers, default=Covers.LISTED)
    note = models.CharField(_("note"), max_length=300, blank=True)

    history = history()

    class Meta:
        verbose_name = _("assortment")
        verbose_name_plural = _("assortments")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(covers__in=["listed", "all"]), name="assortment_covers_known")
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"


class AssortmentRule(models.Model):
    """One product, or a category with all below it, that is put in or taken out."""

    class Effect(models.TextChoices):
        INCLUDE = "include", _("Put in")
        EXCLUDE = "exclude", _("Take out")

    assortment = models.ForeignKey(
        Assortment,
        on_delete=models.CASCADE,
        related_name="rules",
        db_index=False,  # the index of what it puts in and takes out begins with it
    )
    effect = models.CharField(_("effect"), max_length=10, choices=Effect, default=Effect.INCLUDE)
    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique index begins with it
        verbose_name=_("product"),
    )
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("category with all below it"),
    )

    history = history()

    class Meta:
        verbose_name = _("rule of an assortment")
        verbose_name_plural = _("rules of assortments")
        ordering = ["assortment_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product=None, category__isnull=False) | Q(product__isnull=False, category=None),
                name="assortment_rule_one_thing",
                violation_error_message=_("Name a product or a category, one of them."),
            ),
            models.CheckConstraint(
                condition=Q(effect__in=["include", "exclude"]), name="assortment_rule_effect_known"
            ),
            models.UniqueConstraint(
                fields=["product", "assortment"],
                condition=Q(product__isnull=False),
                name="assortment_rule_product",
                violation_error_message=_("The assortment has a rule for this product already."),
            ),
            models.UniqueConstraint(
                fields=["assortment", "category"],
                condition=Q(category__isnull=False),
                name="assortment_rule_category",
                violation_error_message=_("The assortment has a rule for this category already."),
            ),
        ]
        indexes = [
            models.Index(fields=["assortment", "effect", "product"], name="assortment_rule_effect_product"),
        ]

    def __str__(self) -> str:
        return f"{self.get_effect_display()}: {self.product or self.category}"


class AssortmentAssignment(models.Model):
    """An assortment given to a company and all below it, to a segment, or to everybody (ENT-03, ENT-04).

    segment: see accounts.segments; empty with an empty company means everybody. adds: whether what the
    company would have without it counts beside it; else it stands in the place of that. The days
    are of the ERP's zone, half open, and are looked at when somebody asks: nothing has to run.
    contract: the agreement it comes from, in words.
    """

    assortment = models.ForeignKey(Assortment, on_delete=models.CASCADE, related_name="assignments")
    company = models.ForeignKey(
        Company,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("company with all below it"),
    )
    segment = models.CharField(_("segment"), max_length=60, blank=True)
    adds = models.BooleanField(
        _("beside the inherited ones"),
        default=False,
        help_text=_("Off: it takes the place of what the company would inherit."),
    )
    contract = models.CharField(_("contract"), max_length=100, blank=True)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until, exclusive"), null=True, blank=True)

    history = history()

    class Meta:
        verbose_name = _("assortment of a company")
        verbose_name_plural = _("assortments of companies")
        ordering = ["company_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(company=None) | Q(segment=""),
                name="assortment_given_to_one",
                violation_error_message=_("Choose a customer or a segment, not both."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="assortment_given_some_days",
                violation_error_message=_("The end must come after the beginning."),
            ),
            models.UniqueConstraint(
                fields=["assortment", "company", "segment", "valid_from"],
                nulls_distinct=False,
                name="assortment_given_once",
            ),
        ]
        indexes = [
            models.Index(fields=["segment"], condition=Q(company=None), name="assortment_given_widely"),
        ]

    def __str__(self) -> str:
        return f"{self.assortment} → {self.company or self.segment or _('everybody')}"

    @property
    def is_for_everybody(self) -> bool:
        """Whether it is given to no company by name and to no segment."""
        return self.company_id is None and not self.segment
