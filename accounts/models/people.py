"""People and what they may do for which company."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models.company import Company
from accounts.models.place import PlaceFields
from core.history import history


class UserManager(BaseUserManager["User"]):
    """Makes users whose name at sign-in is their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may sign in. email: any case; kept as typed, unique in lower case."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may do everything in the back office."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of an e-mail address, in any case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A person: a buyer through memberships, staff through groups, never both in one session."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    locale = models.CharField(_("language and formats"), max_length=12, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, default="Europe/Vienna")
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("back office"), default=False)
    # Of a partner alone: until when, for which customers, why and by whose leave.
    access_until = models.DateTimeField(_("back office until"), null=True, blank=True)
    access_customers = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, verbose_name=_("customers of the access")
    )
    access_reason = models.CharField(_("reason of the access"), max_length=300, blank=True)
    access_granted_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("access by")
    )
    joined_at = models.DateTimeField(auto_now_add=True)
    # Counted on, it ends every session that was opened before.
    sign_in_round = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    history = history(excluded_fields=["password", "last_login", "sign_in_round"])

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [
            ("assign_staff_roles", "Can give roles of the staff"),
            ("erase_user", "Can hand out and erase the data of a person"),
        ]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
            models.CheckConstraint(
                condition=Q(access_granted_by=None) | ~Q(access_granted_by=models.F("id")),
                name="user_access_by_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """What every session is held against at each request: it changes with the password and with the round."""
        return self._in_round(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under the keys that SECRET_KEY_FALLBACKS still names."""
        yield from map(self._in_round, super().get_session_auth_fallback_hash())

    def _in_round(self, made: str) -> str:
        return sha256(f"{made}:{self.sign_in_round}".encode()).hexdigest() if self.sign_in_round else made

    def get_full_name(self) -> str:
        """The name, in the word by which Django's libraries ask for it."""
        return self.name


class CompanyRole(models.Model):
    """A role that a company's administrator composed: for its members and those of the companies below it.

    grants: {right: depth}, see accounts.states; only what its maker held.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="own_roles")
    name = models.CharField(_("name"), max_length=60)
    grants = models.JSONField(_("rights"), default=dict)

    history = history()

    class Meta:
        verbose_name = _("role of a company")
        verbose_name_plural = _("roles of companies")
        ordering = ["company_id", "name", "id"]
        constraints = [models.UniqueConstraint("company", Lower("name"), name="company_role_name")]

    def __str__(self) -> str:
        return self.name


class Membership(PlaceFields):
    """A person's place in a company: roles, limits, and whether it is in force."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="memberships")
    own_roles = models.ManyToManyField(
        CompanyRole, blank=True, related_name="memberships", verbose_name=_("roles of the company")
    )
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1)
    manager = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("manager"),
        help_text=_("Whom approval rules mean by “the manager” of this person."),
    )

    history = history()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "company"], name="membership_user_company"),
            models.CheckConstraint(
                condition=Q(order_limit=None) | Q(order_limit__gte=0), name="membership_limit_positive"
            ),
            models.CheckConstraint(
                condition=Q(approval_limit=None) | Q(approval_limit__gte=0),
                name="membership_approval_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.company}"


class CompanyUserPermission(UserObjectPermissionBase):
    """A right lent to one person on one company: delegation, staff exceptions (django-guardian).

    It ends by itself at `valid_until`, where there is one; the company's or the person's end ends it too.
    """

    content_object = models.ForeignKey(Company, on_delete=models.CASCADE)
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    granted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by")
    )

    history = history()

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class CompanyGroupPermission(GroupObjectPermissionBase):
    """An exception for one group on one company (django-guardian)."""

    content_object = models.ForeignKey(Company, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False
