"""`manage.py demo_seed`: the people of the demo, once its companies have come from the ERP."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.actions.people import (
    Identity,
    Invitation,
    assign_sales_rep,
    enrol_member,
    register_person,
)
from accounts.models import Company
from accounts.queries import all_companies
from core.actor import Actor, acting
from portal.demo import keep_sign_ins, password, people


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
            for person in people():
                self.make(person, word, companies, by)
        keep_sign_ins(word)
        self.stdout.write(f"{len(people())} people")

    def make(self, person: dict[str, Any], word: str, companies: dict[str, Company], by: Actor) -> None:
        """One person with groups, memberships and customers."""
        identity = Identity(person["email"], person["name"], tuple(person.get("staff", [])))
        user = register_person(identity, password=word, by=by)
        for place in person.get("memberships", []):
            limit = place.get("order_limit")
            invitation = Invitation(
                user=user,
                roles=tuple(place["roles"]),
                order_limit=Decimal(limit) if limit else None,
                includes_branches=place.get("includes_branches", False),
            )
            enrol_member(self.company(place["company"], companies), invitation, by=by)
        for number in person.get("looks_after", []):
            assign_sales_rep(self.company(number, companies), to=user, by=by)

    def company(self, number: str, companies: dict[str, Company]) -> Company:
        """A company that must have come from the ERP."""
        if number not in companies:
            raise CommandError(f"Company {number} is not here yet: run manage.py sync first.")
        return companies[number]
