"""The customers that a person of the staff meets: the one condition of every list and page of the back office."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, CompanyUserPermission, Membership, User
from accounts.staff import ALL_CUSTOMERS, PARTNER, SALES, roles_of
from core.errors import NotFound

# What a salesperson looks after, or is lent a right on, and the branches below it that nobody else looks after.
OWN = """
    WITH RECURSIVE own(id) AS (
        SELECT id FROM accounts_company WHERE sales_rep_id = %s
        UNION SELECT content_object_id FROM accounts_companyuserpermission
            WHERE user_id = %s AND (valid_until IS NULL OR valid_until > statement_timestamp())
        UNION SELECT down.id FROM accounts_company AS down JOIN own ON down.parent_id = own.id
            WHERE down.sales_rep_id IS NULL
    ) SELECT id FROM own
"""

NAMED = "SELECT id FROM accounts_company WHERE number = ANY(%s)"


@dataclass(frozen=True)
class Customers:
    """Customers as a condition: all of them, or those that a statement names.

    ids: None for all. An empty set sees nobody.
    """

    ids: RawSQL | None = None
    is_nobody: bool = False

    @property
    def is_all(self) -> bool:
        """Whether every customer is among them, those to come too."""
        return self.ids is None and not self.is_nobody

    def of(self, path: str) -> Q:
        """The condition on rows whose company stands at `path`, such as "company" or "order__company"."""
        if self.is_nobody:
            return Q(pk__in=[])
        return Q() if self.ids is None else Q(**{f"{path}__in": self.ids})

    def companies(self) -> QuerySet[Company]:
        """The companies themselves."""
        return Company.objects.filter(self.of("pk"))

    def hold(self, company_id: int | None) -> bool:
        """Whether a company is among them."""
        return company_id is not None and self.companies().filter(pk=company_id).exists()


ALL, NOBODY = Customers(), Customers(is_nobody=True)


def customers_of(user: User, roles: frozenset[str] | None = None) -> Customers:
    """The customers of a person of the staff (ACC-16).

    Managers, operators, finance, integration admins and auditors meet all; sales those that it looks after
    or deputises for (a right lent on the company, until it ends), with the branches that nobody else looks
    after; a partner those of the access; anybody else nobody. A customer without a salesperson is a manager's. roles: the person's,
    where they have just been read.
    """
    if user.is_active and user.is_staff and user.is_superuser:
        return ALL
    roles = roles_of(user) if roles is None else roles
    if roles & ALL_CUSTOMERS:
        return ALL
    if SALES in roles:
        return Customers(RawSQL(OWN, [user.pk, user.pk]))  # noqa: S611 -- ids alone
    if PARTNER in roles:
        return Customers(RawSQL(NAMED, [user.access_customers]))  # noqa: S611 -- ids alone
    return NOBODY


def check_meets(user: User, company_id: int) -> None:
    """Refuse what somebody of the staff wants to do at somebody else's customer (ACC-16). Raises NotFound."""
    if not customers_of(user).hold(company_id):
        raise NotFound(_("There is no such company among your customers."))


def explained_meeting(user: User, company: Company) -> tuple[bool, object]:
    """Whether a person of the staff meets a customer, and why or why not, in words."""
    roles = roles_of(user)
    if not customers_of(user, roles).hold(company.pk):
        return False, _not_met(user, roles, company)
    if user.is_superuser:
        return True, _("a superuser meets every customer")
    if every := sorted(roles & ALL_CUSTOMERS):
        return True, _("as %(role)s, who meets every customer") % {"role": every[0]}
    if PARTNER in roles:
        return True, _("the partner's access names this customer")
    if company.sales_rep_id == user.pk:
        return True, _("looks after this customer")
    lent = CompanyUserPermission.objects.filter(user=user, content_object=company)
    if lent.filter(Q(valid_until=None) | Q(valid_until__gt=Now())).exists():
        return True, _("is lent a right on this customer, as a deputy")
    return True, _("it is a branch of an own customer, and nobody else looks after it")


def _not_met(user: User, roles: frozenset[str], company: Company) -> object:
    if PARTNER in roles:
        return _("the partner's access does not name it")
    if SALES in roles:
        who = company.sales_rep or _("nobody, so it is a manager's")
        return _("it is looked after by %(who)s; a right lent on it would do") % {"who": who}
    return _("no role that meets customers is held")


def memberships_at(customers: Customers) -> QuerySet[Membership]:
    """Who acts for these customers, with their companies."""
    return Membership.objects.filter(customers.of("company")).select_related("company")
