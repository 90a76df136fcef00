"""A company's own sign-in: the identity provider that vouches for its people (OpenID Connect)."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Company
from accounts.models.people import User
from accounts.states import Role
from accounts.vouching import FactorBy, Newcomers
from core.history import history

SECRET_NAME = r"^SIGN_IN_SECRET_[A-Z0-9_]{1,60}$"  # noqa: S105 - the form of a name
DOMAIN = r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"


class SignInConnection(models.Model):
    """How the people of a company, and of all below it, sign in at their own identity provider (ACC-12).

    key: stands in the address that the provider leads back to. issuer: as the provider's own tokens name it; it
    never changes, since people are known by it. secret_name: the variable that holds the client's secret, or the
    name of its file; the secret itself is stored nowhere (SEC-03). "" for a client without one.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="sign_in_connections", verbose_name=_("company")
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("How its people call it."))
    issuer = models.CharField(_("issuer"), max_length=300)
    client_id = models.CharField(_("client id"), max_length=190)
    secret_name = models.CharField(
        _("variable of the secret"), max_length=75, blank=True, validators=[RegexValidator(SECRET_NAME)]
    )
    is_only_way = models.BooleanField(
        _("the only way"), default=False, help_text=_("Its people have no password and no passkey here.")
    )
    newcomers = models.CharField(
        _("newcomers"), max_length=10, choices=Newcomers.choices, default=Newcomers.INVITED
    )
    newcomer_roles = ArrayField(
        models.CharField(max_length=20, choices=Role.choices),
        default=list,
        blank=True,
        verbose_name=_("roles of newcomers"),
    )
    second_factor = models.CharField(
        _("second factor"), max_length=10, choices=FactorBy.choices, default=FactorBy.TOLD
    )
    is_active = models.BooleanField(_("in use"), default=True)

    history = history()

    class Meta:
        verbose_name = _("company sign-in")
        verbose_name_plural = _("company sign-ins")
        ordering = ["company_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(newcomers__in=Newcomers.values), name="connection_newcomers_known"
            ),
            models.CheckConstraint(
                condition=~Q(newcomers=Newcomers.ENROL) | ~Q(newcomer_roles=[]),
                name="connection_roles_given",
                violation_error_message=_("Name the roles that newcomers get."),
            ),
            models.CheckConstraint(
                condition=Q(second_factor__in=FactorBy.values), name="connection_factor_known"
            ),
            models.CheckConstraint(
                condition=Q(secret_name="") | Q(secret_name__regex=SECRET_NAME),
                name="connection_secret_by_name",
                violation_error_message=_("Name a variable that begins with SIGN_IN_SECRET_, in capitals."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignInDomain(models.Model):
    """A part of e-mail addresses after the @ that a connection may vouch for; each belongs to one connection."""

    connection = models.ForeignKey(SignInConnection, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(_("domain"), max_length=253, unique=True)

    history = history()

    class Meta:
        verbose_name = _("domain of a company sign-in")
        verbose_name_plural = _("domains of company sign-ins")
        ordering = ["domain"]
        constraints = [
            models.CheckConstraint(condition=Q(domain__regex=DOMAIN), name="sign_in_domain_form"),
        ]

    def __str__(self) -> str:
        return self.domain


class SignInIdentity(models.Model):
    """Who somebody is at an identity provider. subject: the provider's unchanging word for the person."""

    connection = models.ForeignKey(SignInConnection, on_delete=models.PROTECT, related_name="identities")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_identities")
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField(_("since"), auto_now_add=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("identity at a company sign-in")
        verbose_name_plural = _("identities at company sign-ins")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "subject"], name="sign_in_identity_subject"),
            models.UniqueConstraint(fields=["connection", "user"], name="sign_in_identity_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.connection}"
