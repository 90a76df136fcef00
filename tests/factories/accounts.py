"""People, companies and what belongs to them."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from django.contrib.auth.models import Permission

from accounts.models import (
    Address,
    Company,
    CompanyUserPermission,
    CreditAccount,
    Membership,
    PaymentTerm,
    User,
)

AS_OF = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@customer.example")
    password = factory.django.Password("pass-phrase-4711")


class PaymentTermFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PaymentTerm
        django_get_or_create = ("code",)

    code = "net30"
    name = "30 days net"
    net_days = 30


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    number = factory.Sequence(lambda n: f"K{n:04}")
    name = factory.LazyAttribute(lambda company: f"Company {company.number}")
    currency = "EUR"
    payment_term = factory.SubFactory(PaymentTermFactory)
    erp_id = factory.Sequence(str)
    as_of = AS_OF


class AddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Address

    company = factory.SubFactory(CompanyFactory)
    erp_id = factory.Sequence(lambda n: f"A{n}")
    name = "Main gate"
    street = "Werkstrasse 1"
    postal_code = "4020"
    city = "Linz"
    country = "AT"
    is_ship_to = True
    is_bill_to = True
    as_of = AS_OF


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    company = factory.SubFactory(CompanyFactory)
    roles = ["buyer"]


class CreditAccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CreditAccount

    company = factory.SubFactory(CompanyFactory)
    currency = "EUR"
    limit_amount = Decimal("10000")
    used_amount = Decimal("0")
    as_of = AS_OF


def lend(
    user: User, right: str, company: Company, *, until: datetime | None = None, reason: str = "stands in"
) -> CompanyUserPermission:
    """Lend somebody a right on a company, until a moment or for good."""
    permission = Permission.objects.get(content_type__app_label="accounts", codename=str(right))
    return CompanyUserPermission.objects.create(
        user=user, permission=permission, content_object=company, valid_until=until, reason=reason
    )
