"""What every test may use: the database of this run, and the cast."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as drawn
from pytest_django import DjangoDbBlocker

from accounts.models import Assistance, Company, User
from accounts.queries.members import memberships_of
from accounts.queries.scopes import scope_for
from accounts.scope import NOTHING, Scope
from accounts.staff import AUDITOR, FINANCE, INTEGRATION_ADMIN, OPERATOR, PARTNER, SALES, SALES_MANAGER
from core import ownership
from core.actor import Actor
from demo.clones import cloned_stack
from demo.stack import Stack
from tests.databases import cluster_of_tests, drop_leftovers, migrated_template, take_part
from tests.factories.accounts import (
    AddressFactory,
    CompanyFactory,
    MembershipFactory,
    UserFactory,
)
from tests.pristine import Pristine

# How long an example takes says nothing on a machine that does other work beside.
drawn.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
drawn.load_profile("house")


# The flows that tests bring the systems' facts by: they may write all that their systems own.
for identity in ("flow:erp.test", "flow:pim.test"):
    ownership.grant(identity, ownership.declared())


def pytest_configure(config: pytest.Config) -> None:
    """Count this run among the users of the test cluster."""
    take_part(config)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Clear away what killed runs left; then this run's database is a clone of one with all migrations in."""
    if settings.DATABASES["default"].get("EMBEDDED"):
        drop_leftovers(cluster_of_tests().ensure())
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template(cluster_of_tests())


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give back after every test that commits what the migrations left, also to a thread with another connection."""
    with django_db_blocker.unblock():
        pristine = Pristine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: pristine.give_back())
        yield


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product with its demo company, cloned for this run; tests with it belong to one xdist group.

    Its databases are not the test's own: look at it through its pages, `stack.manage` and `stack.erp`.
    """
    cluster = cluster_of_tests()
    drop_leftovers(cluster.ensure())
    with cloned_stack(cluster, tmp_path_factory.mktemp("stack"), f"accord_clone_{os.getpid()}") as running:
        yield running


class Browser(Client):
    """A browser that says with each form for which company it was shown, or what it was made of, as the pages do.

    The page is taken to be fresh: a test of a stale one says `acting_company` or `seen_version` itself; None leaves the
    field out.
    """

    def post(self, path: str, data: object = None, *args: object, **more: object) -> object:
        """Send a form."""
        data = {} if data is None else data
        if isinstance(data, dict) and "content_type" not in more and not args:
            if path.startswith("/admin/") and path.endswith("/change/") and "seen_version" not in data:
                seen = re.findall(rb'name="seen_version" value="([0-9a-f]{64})"', self.get(path).content)
                data = {**data, **({"seen_version": seen[0].decode()} if seen else {})}
            if data.get("acting_company", "") is None:
                data = {name: value for name, value in data.items() if name != "acting_company"}
            elif not path.startswith(("/api/", "/admin/", "/accounts/", "/inbound/")):
                data = {"acting_company": self._mark(), **data}
        return super().post(path, data, *args, **more)  # type: ignore[arg-type]

    def _mark(self) -> str:
        assistance = Assistance.objects.filter(pk=self.session.get("assistance", 0)).first()
        if assistance is not None:
            return f"{assistance.company.number} #{assistance.pk}"
        company = Company.objects.filter(pk=self.session.get("acting_company", 0)).first()
        if company is None:
            first = memberships_of(int(self.session.get("_auth_user_id", 0))).first()
            company = first.company if first else None
        return company.number if company else ""


@dataclass(frozen=True)
class Member:
    """One of the cast: a person in a company, as pages, scopes and actions know them.

    Staff have no company and an empty scope.
    """

    user: User
    company: Company
    scope: Scope
    actor: Actor

    def signed_in(self) -> Client:
        """A browser in which this person is signed in and acts for the company."""
        client = Browser()
        client.force_login(self.user, "allauth.account.auth_backends.AuthenticationBackend")
        if self.company is None:
            return client
        session = client.session
        session["acting_company"] = self.company.pk
        session.save()
        return client


def enrol(name: str, company: Company, *roles: str, **fields: object) -> Member:
    """Make a member of a company with these roles."""
    user = UserFactory(name=name, email=f"{name.lower()}@{company.number.lower()}.example")
    MembershipFactory(user=user, company=company, roles=list(roles), **fields)
    scope = scope_for(user.pk, company.pk)
    actor = Actor("portal", name, user_id=user.pk, on_behalf_of=company.number)
    return Member(user, company, scope, actor)


@pytest.fixture
def acme(db: None) -> Company:
    """The company most tests are about; goods and invoices go to its one address."""
    company = CompanyFactory(number="ACME", name="Acme Works")
    AddressFactory(company=company, erp_id="acme-1")
    return company


@pytest.fixture
def other(db: None) -> Company:
    """Another company, which must never see anything of Acme's."""
    company = CompanyFactory(number="OTHER", name="Other Ltd")
    AddressFactory(company=company, erp_id="other-1")
    return company


@pytest.fixture
def anna(acme: Company) -> Member:
    """Buys for Acme."""
    return enrol("Anna", acme, "buyer")


@pytest.fixture
def boris(acme: Company) -> Member:
    """Approves for Acme."""
    return enrol("Boris", acme, "approver")


@pytest.fixture
def clara(other: Company) -> Member:
    """Buys and approves for another company."""
    return enrol("Clara", other, "buyer", "approver", "administrator")


def employ(name: str, *roles: str) -> Member:
    """Make a person of the staff with these roles; such a person has no company."""
    until = timezone.now() + timedelta(days=3) if PARTNER in roles else None
    user = UserFactory(name=name, email=f"{name.lower()}@nordwind.example", is_staff=True, access_until=until)
    user.groups.set(Group.objects.filter(name__in=roles))
    return Member(user, None, NOTHING, Actor("admin", name, user_id=user.pk))  # type: ignore[arg-type]


def permit(member: Member, right: str) -> None:
    """Give one of the staff a right besides the roles, as "app.codename"."""
    app, name = right.split(".")
    member.user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=name))


@pytest.fixture
def sam(acme: Company) -> Member:
    """Sells, and looks after Acme."""
    sam = employ("Sam", SALES)
    acme.sales_rep = sam.user
    acme.save(update_fields=["sales_rep"])
    return sam


@pytest.fixture
def mona(db: None) -> Member:
    """Leads sales."""
    return employ("Mona", SALES_MANAGER)


@pytest.fixture
def otto(db: None) -> Member:
    """Operates, and sets up flows."""
    return employ("Otto", OPERATOR, INTEGRATION_ADMIN)


@pytest.fixture
def fiona(db: None) -> Member:
    """Decides on credit."""
    return employ("Fiona", FINANCE)


@pytest.fixture
def arno(db: None) -> Member:
    """Audits."""
    return employ("Arno", AUDITOR)


@pytest.fixture
def erp() -> Actor:
    """The ERP's flow: the only one that may write what the ERP owns."""
    return Actor("flow:erp.test", "ERP", system="erp")


@pytest.fixture
def pim() -> Actor:
    """The PIM's flow."""
    return Actor("flow:pim.test", "PIM", system="pim")
