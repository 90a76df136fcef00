"""The registrations that a person of the staff meets, and who of the customers looks like the one who asks (ACC-17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.customers import Customers, customers_of
from accounts.duplicates import plain_address, plain_name, plain_tax_id
from accounts.models import Address, Company, Registration, User
from accounts.registrations import RegistrationState
from accounts.staff import ALL_CUSTOMERS, SALES, SALES_MANAGER, is_in, roles_of
from accounts.standing import Standing

# What may be one and the same, by the rules that find double customers.
TAX_ID, NAME, ADDRESS = "tax_id", "name", "address"


@dataclass(frozen=True)
class Similar:
    """A customer that looks like the one who asks, and by which rules.

    is_certain: whether the rules take the two for one. may_see: whether it is among the own customers.
    """

    company: Company
    rules: tuple[str, ...]
    may_see: bool = True

    @property
    def is_certain(self) -> bool:
        """The same tax id, or both name and address; one of these alone is only a hint."""
        return is_certain(self.rules)


def is_certain(rules: Iterable[str]) -> bool:
    """Whether these rules together take two companies for one."""
    return TAX_ID in rules or {NAME, ADDRESS} <= set(rules)


def rules_shared(
    asked: tuple[str, str, str], tax_id: str, name: str, places: Iterable[str]
) -> tuple[str, ...]:
    """By which rules a customer is like somebody who asks. asked: plain tax id, name and place."""
    pairs = ((TAX_ID, asked[0], (tax_id,)), (NAME, asked[1], (name,)), (ADDRESS, asked[2], places))
    return tuple(rule for rule, wanted, found in pairs if wanted and wanted in found)


def similar_to(registration: Registration) -> list[Similar]:
    """The open customers that share tax id, name, or name and address with a registration; certain ones first.

    An address alone is no sign: neighbours share it. Two statements.
    """
    asked = (
        plain_tax_id(registration.tax_id),
        plain_name(registration.company_name),
        plain_address(registration.street, registration.postal_code, registration.country),
    )
    places: dict[int, set[str]] = {}
    near = Address.objects.filter(is_active=True, postal_code=registration.postal_code.strip()).order_by()
    for company_id, *place in near.values_list("company_id", "street", "postal_code", "country"):
        places.setdefault(company_id, set()).add(plain_address(*place))
    rows = Company.objects.filter(merged_into=None).exclude(status=Standing.REJECTED)
    found = []
    for row in rows.exclude(pk=registration.company_id or 0).select_related("sales_rep").order_by("number"):
        rules = rules_shared(asked, plain_tax_id(row.tax_id), plain_name(row.name), places.get(row.pk, set()))
        if rules and rules != (ADDRESS,):
            found.append(Similar(row, rules))
    return sorted(found, key=lambda item: not item.is_certain)


def seen_by(user: User, found: Sequence[Similar]) -> list[Similar]:
    """The same, saying which of them are the person's own customers."""
    customers = customers_of(user)
    if customers.is_all:
        return list(found)
    own = set(
        customers.companies().filter(pk__in=[item.company.pk for item in found]).values_list("pk", flat=True)
    )
    return [Similar(item.company, item.rules, item.company.pk in own) for item in found]


def registrations_at(user: User, roles: frozenset[str] | None = None) -> QuerySet[Registration]:
    """The confirmed registrations that a person meets: whoever meets every customer all of them, sales those handed over.

    One whose address is not confirmed is nobody's. roles: the person's, where they have just been read.
    """
    rows = Registration.objects.exclude(state=RegistrationState.UNCONFIRMED).select_related(
        "sales_rep", "decided_by", "company", "company__parent", "invitation"
    )
    roles = roles_of(user) if roles is None else roles
    if user.is_active and user.is_staff and (user.is_superuser or roles & ALL_CUSTOMERS):
        return rows
    return rows.filter(sales_rep=user) if SALES in roles else rows.none()


def may_decide(user: User) -> bool:
    """Whether a person decides on registrations at all; sales on those that were handed over."""
    return is_in(user, SALES, SALES_MANAGER)


def waiting_for(user: User) -> list[Registration]:
    """The registrations that wait for this person's decision, the oldest first. Two statements."""
    roles = roles_of(user)
    if not (user.is_superuser or roles & {SALES, SALES_MANAGER}):
        return []
    waiting = registrations_at(user, roles).filter(state=RegistrationState.WAITING)
    return list(waiting.order_by("confirmed_at", "pk"))


def all_registrations_of(email: str) -> QuerySet[Registration]:
    """Every registration of an address, confirmed or not."""
    return Registration.objects.filter(email__iexact=email)


def all_tax_answer(pk: int) -> str:
    """What is known of a registration's tax id, "" for one that there is not."""
    return Registration.objects.filter(pk=pk).values_list("tax_answer", flat=True).first() or ""


def others_waiting(registration: Registration) -> QuerySet[Registration]:
    """Other registrations that wait with the same tax id."""
    rows = Registration.objects.filter(state=RegistrationState.WAITING, tax_id=registration.tax_id)
    return rows.exclude(pk=registration.pk)


def parents_for(customers: Customers, text: str) -> QuerySet[Company]:
    """The customers that a group may be chosen from, by number or name."""
    rows = (
        customers.companies()
        .filter(merged_into=None)
        .exclude(status__in=[Standing.REJECTED, Standing.CLOSED])
    )
    return rows.filter(Q(number__istartswith=text) | Q(name__icontains=text)).order_by("name", "pk")
