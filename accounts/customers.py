"""The customers that a person of the staff meets: the one condition of every list and page of the back office."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Company, Membership, User
from accounts.staff import ALL_CUSTOMERS, PARTNER, SALES, roles_of

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


def memberships_at(customers: Customers) -> QuerySet[Membership]:
    """Who acts for these customers, with their companies."""
    return Membership.objects.filter(customers.of("company")).select_related("company")
