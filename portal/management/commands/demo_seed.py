"""`manage.py demo_seed`: the people of the demo and what its customers see, once the companies have come from the ERP."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.actions.licences import keep_licence
from accounts.actions.people import Identity, Invitation, assign_sales_rep, enrol_member, register_person
from accounts.models import Company, Licence, LicenceKind, User
from accounts.queries.companies import all_companies
from accounts.queries.licences import licence_kind_by_code
from catalog.actions.entitlements import keep_entitlement
from catalog.entitlement import assortment_by_code
from catalog.models import Assortment, AssortmentAssignment, AssortmentRule, ProductRestriction
from catalog.restrictions import restrictions_on
from catalog.tree import all_category_by_slug
from core.actor import Actor, acting
from portal.demo import approvals, entitlements, keep_sign_ins, password, people, registrations
from portal.demo_approvals import Desk
from portal.demo_registrations import seed_registrations


class Command(BaseCommand):
    """Makes each person of the demo, or brings one that is there up to date."""

    help = "Make the people of the demo and their memberships."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse outside the demo, and before the first synchronisation."""
        if not settings.DEMO:
            raise CommandError("This is not a demo: set PORTAL_DEMO=1 to have its people here.")
        companies = {company.number: company for company in all_companies()}
        by = Actor("job:demo_seed", "Demo")
        word = password()
        with acting(by), transaction.atomic():
            users = {person["email"]: self.register(person, word, by) for person in people()}
            for person in people():
                self.enrol(person, users, companies, by)
            for given in entitlements()["assortments"]:
                self.give(given, companies, by)
            for licence in entitlements()["licences"]:
                self.require(licence, companies, by)
            for rule in entitlements()["restrictions"]:
                self.restrict(rule, companies, by)
            Desk(approvals(), users, companies).seed()
            seed_registrations(registrations(), users, by=by)
        keep_sign_ins(word)
        self.stdout.write(f"{len(people())} people")

    def register(self, person: dict[str, Any], word: str, by: Actor) -> User:
        """One person, known and able to sign in."""
        identity = Identity(person["email"], person["name"], tuple(person.get("staff", [])))
        return register_person(identity, password=word, by=by)

    def enrol(
        self, person: dict[str, Any], users: dict[str, User], companies: dict[str, Company], by: Actor
    ) -> None:
        """The memberships and the customers of a person."""
        user = users[person["email"]]
        for place in person.get("memberships", []):
            limits = {
                name: Decimal(place[name]) for name in ("order_limit", "approval_limit") if name in place
            }
            invitation = Invitation(
                user=user,
                roles=tuple(place["roles"]),
                manager=users[place["manager"]] if "manager" in place else None,
                includes_branches=place.get("includes_branches", False),
                **limits,
            )
            enrol_member(self.company(place["company"], companies), invitation, by=by)
        for number in person.get("looks_after", []):
            assign_sales_rep(self.company(number, companies), to=user, by=by)

    def give(self, given: dict[str, Any], companies: dict[str, Company], by: Actor) -> None:
        """An assortment with what it takes out, given to a customer; one that is there stays as it is."""
        if assortment_by_code(given["code"]) is not None:
            return
        texts = {name: given[name] for name in ("code", "name", "covers", "note")}
        made = keep_entitlement(Assortment(**texts), by=by)
        for slug in given["without"]:
            category = all_category_by_slug(slug)
            keep_entitlement(AssortmentRule(assortment=made, effect="exclude", category=category), by=by)
        company = self.company(given["company"], companies)
        keep_entitlement(
            AssortmentAssignment(assortment=made, company=company, contract=given["contract"]), by=by
        )

    def require(self, licence: dict[str, Any], companies: dict[str, Company], by: Actor) -> None:
        """A licence that a category requires, and who holds it."""
        if licence_kind_by_code(licence["code"]) is not None:
            return
        texts = {name: licence[name] for name in ("code", "name", "next_step")}
        kind = keep_licence(LicenceKind(**texts), by=by)
        for held in licence["held"]:
            company = self.company(held["company"], companies)
            until = date.fromisoformat(held["valid_until"]) if "valid_until" in held else None
            keep_licence(Licence(company=company, kind=kind, number=held["number"], valid_until=until), by=by)
        rule = {"kind": "licence", "licence_kind": kind, "category": licence["required_for"]}
        self.restrict(rule, companies, by)

    def restrict(self, rule: dict[str, Any], companies: dict[str, Company], by: Actor) -> None:
        """A restriction on a category."""
        category = all_category_by_slug(rule["category"])
        company = self.company(rule["company"], companies) if "company" in rule else None
        if restrictions_on(category, rule["kind"]).exists():
            return
        values = {**rule, "category": category, "company": company}
        if "max_quantity" in values:
            values["max_quantity"] = Decimal(values["max_quantity"])
        keep_entitlement(ProductRestriction(**values), by=by)

    def company(self, number: str, companies: dict[str, Company]) -> Company:
        """A company that must have come from the ERP."""
        if number not in companies:
            raise CommandError(f"Company {number} is not here yet: run manage.py sync first.")
        return companies[number]
