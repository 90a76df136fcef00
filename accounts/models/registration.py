"""Companies that ask to become customers."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Company
from accounts.models.invitation import Invitation
from accounts.models.people import User
from accounts.registrations import RegistrationState, TaxAnswer
from core.history import history


class Registration(models.Model):
    """A company that asks to become a customer, and what was found out and decided about it.

    key: what the link that confirms is signed over; the link itself is stored nowhere. tax_*: the register's word, when and
    under which number it gave it. company: what came of it. erp_trouble: why the ERP did not take it yet.
    """

    State = RegistrationState

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company_name = models.CharField(_("company"), max_length=200)
    country = models.CharField(_("country"), max_length=2)
    tax_id = models.CharField(_("VAT number"), max_length=30)
    street = models.CharField(_("street and number"), max_length=300)
    postal_code = models.CharField(_("postal code"), max_length=20)
    city = models.CharField(_("city"), max_length=100)
    person_name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    wish = models.TextField(_("what they want"), max_length=2000, blank=True)
    locale = models.CharField(_("language"), max_length=12, default="en")
    state = models.CharField(
        _("state"), max_length=12, choices=RegistrationState, default=RegistrationState.UNCONFIRMED
    )
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField(_("registered"), auto_now_add=True)
    agreed_at = models.DateTimeField(_("agreed to the use of the data"), null=True, blank=True)
    expires_at = models.DateTimeField(_("link valid until"))
    confirmed_at = models.DateTimeField(_("e-mail confirmed"), null=True, blank=True)
    tax_answer = models.CharField(_("VAT check"), max_length=12, choices=TaxAnswer, default=TaxAnswer.FORM)
    tax_asked_at = models.DateTimeField(_("register asked"), null=True, blank=True)
    tax_answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    tax_consultation = models.CharField(_("consultation number"), max_length=60, blank=True)
    tax_name = models.CharField(_("name in the register"), max_length=300, blank=True)
    tax_address = models.CharField(_("address in the register"), max_length=500, blank=True)
    tax_trouble = models.CharField(_("why the register could not be asked"), max_length=300, blank=True)
    sales_rep = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="registrations",
        verbose_name=_("sales contact"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    company = models.ForeignKey(
        Company,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="registrations",
        verbose_name=_("customer"),
    )
    invitation = models.OneToOneField(
        Invitation, null=True, blank=True, on_delete=models.PROTECT, related_name="registration"
    )
    opened_at = models.DateTimeField(_("in the ERP"), null=True, blank=True)
    erp_trouble = models.CharField(_("why the ERP did not take it"), max_length=300, blank=True)

    # Who asked is no matter of an old version: it goes with the row.
    history = history(excluded_fields=["key", "person_name", "email", "phone", "wish"])

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["confirmed_at", "id"]
        permissions = [("decide_registration", "Can approve and reject registrations")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RegistrationState.values), name="registration_state_known"
            ),
            models.CheckConstraint(
                condition=Q(tax_answer__in=TaxAnswer.values), name="registration_tax_answer_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(company__isnull=False, invitation__isnull=False),
                name="registration_approved_has_company",
            ),
            models.UniqueConstraint(
                Lower("email"), condition=Q(state="waiting"), name="registration_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return self.company_name
