"""The walk: one request per cell, in a savepoint, and what the answer and the tables say about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.scope import Scope
from accounts.states import Right
from core import generations
from portal.access import KINDS, Access
from tests.conftest import Member
from tests.crawl.roles import Role
from tests.crawl.rows import MARKS, digest, ended, touched
from tests.crawl.searching import searched
from tests.crawl.world import ADDRESS, PLACES, PRICES, Thing, World, become
from tests.portal.pages import form_of


def planted(price: str) -> re.Pattern[str]:
    """A price and the net, tax and gross of 7 pieces at it with 20 % tax, however many decimals are written."""
    net = round(Decimal(price) * 7, 2)
    tax = round(net / 5, 2)
    figures = (price[:5], str(net)[:-1], str(net + tax)[:-1], str(tax))
    return re.compile("|".join(rf"(?<!\d){figure.replace('.', '[.,]')}" for figure in figures))


# Written nowhere for whoever may not see the prices of the company at that place.
PLANTED = {place: planted(price) for place, price in PRICES.items() if place != "mine"}
QUIET_MARKS = {"orders_cart"}
NOWHERE = {str: "Z-999999999", int: 999_999_999}
# The thing that an address needs in another state than the others of its kind.
THINGS = {"portal:member-restore": "former", "portal:order-resubmit": "returned"}
# A step that does nothing here: only somebody of the staff who acts for a buyer can do it.
UNTOLD = {"portal:acting-stop"}


@dataclass(frozen=True)
class Cell:
    """One request: who, which address, how, and the place of the thing, "" without one."""

    role: str
    route: str
    method: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.role} {self.method} {self.route} {self.place}".rstrip()


@dataclass
class Report:
    """What a walk found. leaks: more than the table says; shut: less; did: the steps that wrote something."""

    cells: int = 0
    routes: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    shut: list[str] = field(default_factory=list)
    did: set[str] = field(default_factory=set)

    def add(self, other: Report) -> None:
        """Take in what another walk of the same addresses found."""
        self.cells += other.cells
        self.routes |= other.routes
        self.leaks += other.leaks
        self.shut += other.shut
        self.did |= other.did


class Walk:
    """A walk through a world by a table of addresses; `parameters`: the names of each address' parameters."""

    def __init__(self, world: World, table: dict[str, Access], parameters: dict[str, list[str]]) -> None:
        self.world = world
        self.table = table
        self.parameters = parameters
        self.report = Report()
        self._unknown_answers: dict[tuple[str, str, str], int] = {}
        self._rows = digest({model._meta.db_table for model in apps.get_models(include_auto_created=True)})

    def go(self, role: Role, places: tuple[str, ...] = PLACES, *, is_full: bool = False) -> None:
        """Walk all addresses as one role. is_full: by both methods, and everywhere where the role opens nothing, too."""
        with transaction.atomic():
            generations.current()  # read in a savepoint that is gone, the names would not be renamed by what follows
            person = become(self.world, list(role.roles), role.grants)
            browser = person.signed_in()
            browser.raise_request_exception = False
            self._rows |= digest(
                {"accounts_membership", "accounts_companyrole", "accounts_membership_own_roles"}
            )
            self._rows |= digest(
                {"accounts_historicalmembership", "accounts_historicalcompanyrole"} & set(self._rows)
            )
            for route, access in self.table.items():
                if access.open_to:
                    continue
                self.report.routes.add(route)
                for method in ("GET", "POST") if is_full else access.methods:
                    shut = not is_full and not access.is_open(person.scope, method)
                    for place in (places[:2] if shut else places) if access.kind else ("",):
                        self._cell(person, browser, role, Cell(role.name, route, method, place))
            for cells, leak in searched(self.world, self.table, person, browser):
                self.report.cells += cells
                self.report.leaks += [f"{role.name} {leak}"] if leak else []
            transaction.set_rollback(True)

    def _cell(self, person: Member, browser: Client, role: Role, cell: Cell) -> None:
        access = self.table[cell.route]
        thing = self.world.things[cell.place].get(self._kind(cell, access)) if cell.place else None
        if cell.place and thing is None:
            return
        self.report.cells += 1
        answer, wrote = self._ask(browser, cell, thing)
        lets = self._lets(access, person.scope, thing, cell.method)
        found = list(self._wrongs(answer, person, thing, access))
        if answer.status_code >= 500:
            found.append(f"answers {answer.status_code}")
        if cell.method not in access.methods:
            if wrote:
                found.append(f"writes {sorted(wrote)} by a method that it does not name")
        elif lets:
            sure = (role.is_ready or cell.method == "GET") and cell.route not in UNTOLD
            if sure and answer.status_code in (401, 403, 404):
                self.report.shut.append(f"{cell}: {answer.status_code}")
            if wrote:
                self.report.did.add(cell.route)
        else:
            found += self._denied(browser, person, cell, access, answer, wrote)
        self.report.leaks += [f"{cell}: {what}" for what in found]

    def _denied(
        self,
        browser: Client,
        person: Member,
        cell: Cell,
        access: Access,
        answer: HttpResponse,
        wrote: set[str],
    ) -> Iterator[str]:
        """What is wrong with the answer to somebody who may not."""
        if wrote - (QUIET_MARKS if access.is_quiet else set()):
            yield f"writes {sorted(wrote)}"
        is_seen = cell.place and KINDS[access.kind].is_seen(
            person.scope, self.world.companies[_home(cell.place)].pk, is_own=cell.place == "mine"
        )
        named = {403, 404}
        if access.is_quiet and access.is_open(person.scope, "POST"):
            named = {302}
        elif cell.method == "POST" and (is_seen or access.field):
            named |= {409, 422}
        if answer.status_code not in named:
            yield f"answers {answer.status_code}"
        if cell.place and not is_seen:
            of_nothing = self._of_nothing(browser, cell, access)
            if of_nothing != answer.status_code:
                yield f"answers {answer.status_code}, to one that does not exist {of_nothing}"

    def _of_nothing(self, browser: Client, cell: Cell, access: Access) -> int:
        """The status with which an address answers for a thing that does not exist; asked once per role."""
        key = (cell.role, cell.route, cell.method)
        if key not in self._unknown_answers:
            answer, _wrote = self._ask(browser, cell, self._unknown(access))
            self._unknown_answers[key] = answer.status_code
        return self._unknown_answers[key]

    def _lets(self, access: Access, scope: Scope, thing: Thing | None, method: str) -> bool:
        if thing is None or (access.field and method == "GET"):
            return access.is_open(scope, method)
        return access.lets(scope, thing.company.pk, is_own=thing.is_own, method=method)

    def _wrongs(
        self, answer: HttpResponse, person: Member, asked: Thing | None, access: Access
    ) -> Iterator[str]:
        """What an answer says that this person may not know. asked: what was asked for, whose key is no news."""
        text = _text(answer)
        known = {str(asked.key)} if asked else set()
        priced = person.scope.reach(Right.VIEW_PRICES)
        for place, amounts in PLANTED.items():
            if self.world.companies[place].pk not in priced and (hit := amounts.search(text)):
                yield f"shows the amount {hit.group()} of {place}"
        for place, thing in self.world.all_things():
            kind = KINDS[thing.kind]
            if kind.is_listed(person.scope, thing.company.pk, is_own=thing.is_own):
                continue
            if self._is_told(person.scope, place, thing, asked, access):
                if thing.address and f'"{thing.address}"' in text:
                    yield f"links to {thing.address} of {place}"
                continue
            for word in thing.words:
                if word in text and word not in known:
                    yield f"says {word} of {place}"

    def _is_told(self, scope: Scope, place: str, thing: Thing, asked: Thing | None, access: Access) -> bool:
        """Whether an address may name a thing because it shows another that tells of it."""
        teller = self.world.things[place].get(thing.told_by) if thing.kind in access.names else None
        if teller is None or (asked is not None and asked is not teller):
            return False
        return KINDS[teller.kind].is_seen(scope, teller.company.pk, is_own=teller.is_own)

    def _ask(self, browser: Client, cell: Cell, thing: Thing | None) -> tuple[HttpResponse, set[str]]:
        """The answer, and the tables that are not as they were."""
        access = self.table[cell.route]
        names = self.parameters[cell.route]
        path = reverse(cell.route, args=[thing.key] if thing and names else [])
        with transaction.atomic():
            body = self._body(browser, cell, access, thing) if cell.method == "POST" else {}
            before, ends, kept = touched(), ended(), dict(browser.session.items())
            if cell.method == "POST" and cell.route.startswith("api:"):
                answer = browser.post(
                    path, json.dumps(body), "application/json", headers={"Idempotency-Key": "crawl-1"}
                )
            else:
                answer = getattr(browser, cell.method.lower())(path, body)
            text = _text(answer)
            browser.cookies.pop(
                "messages", None
            )  # what one step says of a typed number is not news of the next page
            answer.crawled = text  # type: ignore[attr-defined]  # read while the files are there
            after = touched()
            tables = {table for table in after if after[table] != before.get(table, 0)} - MARKS
            wrote = {table for table, rows in digest(tables).items() if rows != self._rows.get(table)}
            if ended() != ends:
                wrote.add("a place of sign-in")
            if dict(browser.session.items()) != kept:
                wrote.add("the session")
            transaction.set_rollback(True)
        return answer, wrote

    def _body(self, browser: Client, cell: Cell, access: Access, thing: Thing | None) -> dict[str, Any]:
        """What a form of the page would send, as well as it can be filled."""
        own = self.world.companies["own"]
        fixed = {
            "portal:cart-details": {"po_number": "PO-NEW"},
            "portal:cart-line-add": {"quantity": "1", "unit": "piece"},
            "portal:approval-decide": {"verb": "approve"},
            "portal:address-new": ADDRESS,
            "portal:contact-change": {"phone": "+43 732 555099"},
            "portal:cost-centre-add": {"code": "CC-1", "name": "Workshop"},
            "portal:security-second-factor": {"required": "1"},
            "portal:role-new": {"name": "Fresh", "right_see_orders": "1", "right_view_prices": "0"},
            "portal:member-invite": {"email": "new@unit.example", "roles": ["viewer"], "order_limit": "0"},
            "api:order-list": {
                "lines": [{"sku": "S-1", "quantity": "1", "unit": "piece"}],
                "ship_to": f"{own.number.lower()}-1",
            },
        }
        body = {**fixed.get(cell.route, {}), **(thing.values if thing else {})}
        if cell.route in ("portal:role-new", "portal:role-detail"):
            body = {**{f"right_{right}": "0" for right in Right}, **body}
        if access.field and thing:
            body[access.field] = thing.key
        if cell.route == "portal:security-second-factor":
            # Only who has one may demand it of the others.
            user_id = browser.session["_auth_user_id"]
            Authenticator.objects.create(user_id=user_id, type=Authenticator.Type.TOTP, data={})
        if cell.route in ("portal:checkout", "portal:rfq-create"):
            page = browser.get(reverse(cell.route))
            if page.status_code == 200:
                body |= form_of(page, having="token")
        return body

    def _kind(self, cell: Cell, access: Access) -> str:
        return THINGS.get(cell.route, access.kind)

    def _unknown(self, access: Access) -> Thing:
        model = next(things[access.kind] for things in self.world.things.values() if access.kind in things)
        key = NOWHERE.get(type(model.key), uuid4())
        if access.kind in ("category", "media"):
            key = str(key).lower()
        return Thing(access.kind, key, model.company, values=model.values)

    def steps(self) -> set[str]:
        """The steps that write something for somebody: of one that never did, a walk has shown nothing."""
        steps = {
            name for name, access in self.table.items() if "POST" in access.methods and not access.open_to
        }
        return steps - UNTOLD


def _home(place: str) -> str:
    return "own" if place == "mine" else place


def _text(answer: Any) -> str:
    """What an answer says, without what was typed into a field."""
    if hasattr(answer, "crawled"):
        return str(answer.crawled)
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return raw.decode(errors="replace") + answer.headers.get("Location", "")
