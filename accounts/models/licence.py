"""Licences: what a company has shown that it may buy and handle."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Company
from core.history import history


class LicenceKind(models.Model):
    """A licence or certificate that products can require. next_step: what a buyer without it does, in words."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=150)
    next_step = models.CharField(
        _("what a buyer without it does"),
        max_length=300,
        blank=True,
        help_text=_("Empty: send it to the contact in sales."),
    )

    history = history()

    class Meta:
        verbose_name = _("kind of licence")
        verbose_name_plural = _("kinds of licences")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Licence(models.Model):
    """A licence that a company holds, for itself and all below it (ENT-05).

    The days are of the ERP's zone, half open. system: who vouches for it and alone changes it, "us" for what staff
    have seen on paper; another system's is only as good as our last word from there, `as_of` (ENT-16).
    """

    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="licences",
        verbose_name=_("company with all below it"),
    )
    kind = models.ForeignKey(
        LicenceKind, on_delete=models.PROTECT, related_name="licences", verbose_name=_("kind")
    )
    number = models.CharField(_("number"), max_length=80)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until, exclusive"), null=True, blank=True)
    is_withdrawn = models.BooleanField(_("withdrawn"), default=False)
    system = models.CharField(
        _("vouched for by"),
        max_length=20,
        default="us",
        choices=[("us", _("our staff")), ("erp", _("the ERP"))],
    )
    as_of = models.DateTimeField(_("as of"), null=True, blank=True)

    history = history()

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        ordering = ["company_id", "kind_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "number"], name="licence_number_once"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="licence_some_days",
                violation_error_message=_("The end must come after the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class FedLicences(models.Manager["FedLicence"]):
    """The licences that the ERP vouches for."""

    def get_queryset(self) -> models.QuerySet["FedLicence"]:
        """Without those of our staff."""
        return super().get_queryset().filter(system="erp")


class FedLicence(Licence):
    """A licence that the ERP vouches for: the same rows, owned by its flow alone."""

    fed = FedLicences()

    class Meta:
        proxy = True
        default_manager_name = "fed"
        verbose_name = _("licence by the ERP's word")
        verbose_name_plural = _("licences by the ERP's word")
