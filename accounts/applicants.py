"""The registrations that a person of the staff meets, and who of the customers looks like the one who asks (ACC-17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import Exact

from accounts.customers import Customers, customers_of
from accounts.models import Address, Company, Registration, User
from accounts.models.plain import PlainName, PlainPlace, PlainTaxId
from accounts.registrations import RegistrationState
from accounts.staff import ALL_CUSTOMERS, SALES, SALES_MANAGER, is_in, roles_of
from accounts.standing import Standing

# What may be one and the same, by the rules that find double customers.
TAX_ID, NAME, ADDRESS = "tax_id", "name", "address"
# Nobody looks through more; a name that so many share says nothing.
MOST_SIMILAR = 25


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


def similar_to(registration: Registration) -> list[Similar]:
    """The open customers that share tax id, name, or name and address with a registration; certain ones first.

    An address alone is no sign: neighbours share it. At most MOST_SIMILAR. One statement, by the indexes on the keys.
    """
    asked = {
        TAX_ID: PlainTaxId(Value(registration.tax_id)),
        NAME: PlainName(Value(registration.company_name)),
        ADDRESS: PlainPlace(
            Value(registration.street), Value(registration.postal_code), Value(registration.country)
        ),
    }
    there = Address.objects.annotate(place=PlainPlace("street", "postal_code", "country"))
    shared = {
        TAX_ID: Exact(PlainTaxId("tax_id"), asked[TAX_ID]),
        NAME: Exact(PlainName("name"), asked[NAME]),
        ADDRESS: Exists(there.filter(company=OuterRef("pk"), is_active=True, place=asked[ADDRESS])),
    }
    rows = Company.objects.filter(merged_into=None).exclude(status=Standing.REJECTED)
    rows = rows.exclude(pk=registration.company_id or 0).filter(Q(shared[TAX_ID]) | Q(shared[NAME]))
    rows = rows.annotate(**{f"same_{rule}": test for rule, test in shared.items()})
    rows = rows.select_related("sales_rep").order_by(
        F("same_tax_id").desc(nulls_last=True), "-same_address", "number"
    )
    found = [
        Similar(row, tuple(rule for rule in shared if getattr(row, f"same_{rule}")))
        for row in rows[:MOST_SIMILAR]
    ]
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
