"""The walk through the back office: every address as everybody of the staff, held against portal/admin/access.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.staff import ROLES
from core import generations
from portal.admin.access import ADD, CHANGE, DELETE, PAGES, ROWS, Page, Whose, may_do, meets
from tests.crawl.forms import filled
from tests.crawl.rows import MARKS, digest, ended, touched
from tests.crawl.staff_world import ANY, BUYER, NONE, OURS, PAST, SUPERUSER, THEIRS, StaffWorld
from tests.crawl.walk import Report

WALKERS = (*ROLES, NONE, PAST, BUYER, SUPERUSER)
# What a person of the staff leaves behind by asking alone: a line in the log, and the theme's own memory of a search.
LOGGED = {"core_auditentry", "cache"}
# What is seen refused here, and done in tests of its own: the steps of a registration, an administrator, a manager, a step of an
# approval that asks somebody else, and what names a provider of sign-ins.
UNTOLD = {
    "accounts_registration_admit", "accounts_registration_attach", "accounts_registration_reject",
    "accounts_registration_hand_over", "accounts_registration_place", "accounts_registration_ask_again",
    "accounts_registration_send_again", "accounts_user_managers", "orders_order_reroute",
    "accounts_company_administrator",
    "accounts_signinconnection_add add", "accounts_signinconnection_change change",
}  # fmt: skip
# Of whom every request is a line in the log.
LOGS_ALL = {"Partner", PAST, SUPERUSER}
NOBODYS_ID = 999_999_999
# Where somebody is sent who may not come in at all.
DOORS = ("/accounts/login", "/admin/login")
TYPED: dict[str, dict[str, Any]] = {
    "accounts.Segment": {"kind": "region", "code": "south", "name": "South"},
    "accounts.LicenceKind": {"code": "oil", "name": "Oil"},
    "auth.Group": {"name": "Guests"},
    "catalog.Assortment": {"code": "NEW", "name": "New"},
    "orders.CheckoutPolicy": {"note": "why"},
    "pricing.PricePolicy": {"note": "why"},
    "quotes.QuotePolicy": {"note": "why", "validity_days": "14"},
    "integrations.SystemWindow": {
        "system": "erp", "kind": "batch", "note": "n", "from_at_0": "2031-01-01", "from_at_1": "10:00:00",
        "until_at_0": "2031-01-02", "until_at_1": "10:00:00",
    },
}  # fmt: skip
CHANGED: dict[str, dict[str, Any]] = {
    "accounts.Segment": {"name": "Far north"},
    "accounts.LicenceKind": {"name": "Gases"},
    "accounts.Licence": {"number": "LIC-new"},
    "auth.Group": {"name": "Sellers"},
    "catalog.Warehouse": {"name": "Elsewhere"},
    "catalog.Assortment": {"name": "Renamed"},
    "catalog.ProductRestriction": {"note": "changed"},
    "catalog.AssortmentAssignment": {"contract": "K-1"},
    "orders.CachedCredit": {"amount": "7"},
    "integrations.SystemWindow": {"note": "changed"},
    "integrations.System": {"rate_per_second": "3", "burst": "2"},
}


@dataclass(frozen=True)
class Ask:
    """One request. place: whose row. lets: what the table says; is_met: whether the row is of a customer one meets.

    unknown: the address of one that does not exist. is_named: whether the table names the method; one that it does
    not may show what the page shows, and writes nothing.
    """

    name: str
    method: str
    path: str
    place: str
    lets: bool
    is_met: bool
    body: Any = None
    verb: str = ""
    unknown: str = ""
    is_named: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.name}{' ' + self.verb if self.verb else ''} {self.place}".rstrip()


class StaffWalk:
    """A walk through the back office; `report` holds what was found."""

    def __init__(self, world: StaffWorld) -> None:
        self.world = world
        self.report = Report()
        self._rows = digest({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
        self._boss = world.people[SUPERUSER].signed_in()
        self._forms: dict[str, dict[str, list[str]]] = {}

    def go(self, name: str, *, is_full: bool = False) -> None:
        """Walk all addresses as one of the staff. is_full: where the role opens nothing, too."""
        generations.current()
        person = self.world.people[name]
        browser = person.signed_in()
        browser.raise_request_exception = False
        for ask in self._asks(name, is_full=is_full):
            self._cell(name, browser, ask)

    def _cell(self, name: str, browser: Client, ask: Ask) -> None:
        self.report.cells += 1
        self.report.routes.add(ask.name)
        answer, text, wrote = self._ask(browser, ask.method, ask.path, ask.body)
        is_logged, wrote = "core_auditentry" in wrote, wrote - LOGGED
        found = list(self._says(name, ask, text))
        is_shut = answer.status_code in (403, 404) or _is_sent_away(answer)
        if answer.status_code >= 500:
            found.append(f"answers {answer.status_code}")
        if not ask.is_named:
            found += [f"writes {sorted(wrote)} by a method that is not named"] if wrote else []
        elif ask.lets and ask.is_met:
            if is_shut and f"{ask.name} {ask.verb}".strip() not in UNTOLD:
                self.report.shut.append(f"{name} {ask}: {answer.status_code}")
            if ask.method == "POST" and (wrote or (is_logged and name not in LOGS_ALL)):
                self.report.did.add(f"{ask.name} {ask.verb}".strip())
            elif wrote:
                found.append(f"writes {sorted(wrote)} by being looked at")
        else:
            found += self._denied(browser, ask, answer, wrote, is_shut)
        self.report.leaks += [f"{name} {ask}: {what}" for what in found]

    def _denied(
        self, browser: Client, ask: Ask, answer: HttpResponse, wrote: set[str], is_shut: bool
    ) -> Iterator[str]:
        """What is wrong with the answer to somebody who may not."""
        if wrote:
            yield f"writes {sorted(wrote)}"
        is_refused = answer.status_code in ((302, 409, 422) if ask.method == "POST" else ())
        if ask.lets and not ask.is_met and ask.unknown:
            of_nothing, _text, _wrote = self._ask(browser, ask.method, ask.unknown, ask.body)
            is_refused = is_refused or of_nothing.status_code == answer.status_code == 422
            if of_nothing.status_code != answer.status_code:
                yield f"answers {answer.status_code}, to one that does not exist {of_nothing.status_code}"
        if not (is_shut or is_refused or (ask.verb == "tick" and answer.status_code == 200)):
            yield f"answers {answer.status_code}"

    def _says(self, name: str, ask: Ask, text: str) -> Iterator[str]:
        """What an answer says of customers whom this person does not meet."""
        if meets(name, Whose.OWN, is_own=False) or name == SUPERUSER:
            return
        for place in ("foreign", "sibling", "parent", *(() if name in ROLES else ("own",))):
            for word in self.world.words[place]:
                if name == BUYER and place == "own":
                    continue
                if word in text and word not in ask.path and word not in str(ask.body):
                    yield f"says {word} of {place}"

    def _ask(self, browser: Client, method: str, path: str, body: Any) -> tuple[HttpResponse, str, set[str]]:
        with transaction.atomic():
            before, ends = touched(), ended()
            answer = getattr(browser, method.lower())(path, body or {})
            raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
            text = raw.decode(errors="replace") + answer.headers.get("Location", "")
            browser.cookies.pop("messages", None)
            after = touched()
            tables = {table for table in after if after[table] != before.get(table, 0)} - MARKS
            wrote = {table for table, rows in digest(tables).items() if rows != self._rows.get(table)}
            if ended() != ends and not _is_sent_away(answer):
                wrote.add("a place of sign-in")
            transaction.set_rollback(True)
        return answer, text, wrote

    def _asks(self, name: str, *, is_full: bool) -> Iterator[Ask]:
        for model, model_admin in admin.site._registry.items():
            if is_full or self._may(name, model._meta.label, "view"):
                yield from self._of_model(name, model, model_admin)
            else:
                yield from list(self._of_model(name, model, model_admin))[:6]
        for page, access in PAGES.items():
            if page != "autocomplete":  # see _searches
                yield from self._of_page(name, page, access)
        yield from self._searches(name)

    def _may(self, name: str, label: str, verb: str) -> bool:
        if name == SUPERUSER:
            return verb == "view" or verb in ROWS[label].forms
        return may_do(name, label, verb)

    def _is_met(self, name: str, label: str, place: str) -> bool:
        if name == SUPERUSER or place in (ANY, ""):
            return True
        return meets(name, ROWS[label].whose, is_own=place == OURS)

    def _of_model(self, name: str, model: type[Model], model_admin: Any) -> Iterator[Ask]:
        label, start = model._meta.label, f"{model._meta.app_label}_{model._meta.model_name}"
        sees, adds = self._may(name, label, "view"), self._may(name, label, ADD)

        def at(page: str, *args: object) -> str:
            return reverse(f"admin:{start}_{page}", args=args)

        listed, new = at("changelist"), at("add")
        yield Ask(f"{start}_changelist", "GET", listed, "", sees, True)
        for place, (key, _number) in self.world.rows[label].items():
            is_met = self._is_met(name, label, place)
            alters = self._may(name, label, CHANGE)
            changed = self._form(label, at("change", key), CHANGED.get(label)) if alters else {"x": "1"}
            for page, verb in (("change", "view"), ("history", "view"), ("delete", DELETE)):
                may, of_nothing = self._may(name, label, verb), at(page, NOBODYS_ID)
                yield Ask(f"{start}_{page}", "GET", at(page, key), place, may, is_met, unknown=of_nothing)
            yield Ask(
                f"{start}_change", "POST", at("change", key), place, alters, is_met, changed, CHANGE,
                at("change", NOBODYS_ID),
            )  # fmt: skip
            drops = self._may(name, label, DELETE)
            yield Ask(
                f"{start}_delete", "POST", at("delete", key), place, drops, is_met, {"post": "yes"}, DELETE,
                at("delete", NOBODYS_ID),
            )  # fmt: skip
            for action in self._actions(model_admin):
                ticked = {"action": action, "_selected_action": [key], "post": "yes", "index": "0"}
                may = drops if action == "delete_selected" else sees
                yield Ask(f"{start}_changelist", "POST", listed, place, may, is_met, ticked, "tick")
            for version in self._versions(model, key):
                path = self._version_path(start, key, version)
                if path:
                    yield Ask(f"{start}_simple_history", "GET", path, place, sees, is_met)
                    yield Ask(f"{start}_simple_history", "POST", path, place, False, is_met, changed)
        yield Ask(f"{start}_add", "GET", new, "", adds, True)
        typed = self._form(label, new, self._typed(label)) if adds else {"x": "1"}
        yield Ask(f"{start}_add", "POST", new, "", adds, True, typed, ADD)
        yield Ask(f"{start}_changelist", "GET", f"{listed}?q=foreign", "", sees, True)
        yield Ask(f"{start}_changelist", "GET", f"{listed}?q=FOREIGN", "", sees, True)

    def _typed(self, label: str) -> dict[str, Any]:
        """What is typed into an empty form, with rows of the world where it names some."""

        def key(other: str) -> object:
            return next(iter(self.world.rows[other].values()))[0]

        sister = self.world.world.companies["sibling"].pk
        named: dict[str, dict[str, Any]] = {
            "accounts.Licence": {"company": sister, "kind": key("accounts.LicenceKind"), "number": "N-1"},
            "catalog.AssortmentRule": {
                "assortment": key("catalog.Assortment"), "effect": "exclude", "category": key("catalog.Category"),
            },
            "catalog.AssortmentAssignment": {"assortment": key("catalog.Assortment"), "company": sister},
            "catalog.ProductRestriction": {
                "kind": "quantity", "product": key("catalog.Product"), "max_quantity": "3", "period": "order",
            },
            "orders.CachedCredit": {"company": sister, "amount": "3", "note": "n"},
        }  # fmt: skip
        return {**TYPED.get(label, {}), **named.get(label, {})}

    def _actions(self, model_admin: Any) -> list[str]:
        """The actions of a list as somebody who may all is offered them."""
        from django.test import RequestFactory

        request = RequestFactory().get("/")
        request.user = self.world.people[SUPERUSER].user
        return list(model_admin.get_actions(request))

    def _versions(self, model: Any, key: object) -> list[object]:
        if not hasattr(model, "history"):
            return []
        return list(
            model.history.filter(**{model._meta.pk.attname: key}).values_list("history_id", flat=True)[:1]
        )

    def _version_path(self, start: str, key: object, version: object) -> str:
        try:
            return reverse(f"admin:{start}_simple_history", args=[key, version])
        except NoReverseMatch:
            return ""

    def _form(self, label: str, path: str, typed: dict[str, Any] | None) -> dict[str, Any]:
        """A form as the page shows it to whoever may all, with something typed into it."""
        if path not in self._forms:
            with transaction.atomic():
                page = self._boss.get(path).content.decode()
                transaction.set_rollback(True)
            self._forms[path] = filled(page)
        return {**self._forms[path], **(typed or {}), "_save": "1"}

    def _of_page(self, name: str, page: str, access: Page) -> Iterator[Ask]:
        keys = self.world.pages.get(page)
        if keys is None:
            named = self.world.rows.get(access.rows, {})
            keys = {place: number for place, (_pk, number) in named.items()} or {"": None}
        if access.asks:
            keys = dict.fromkeys((OURS, THEIRS))
        for place, key in keys.items():
            label = access.rows or access.asks
            is_met = self._is_met(name, label, place) if label and page not in self.world.pages else True
            if access.rows and page in self.world.pages:
                is_met = self._is_met(name, access.rows, place)
            path = reverse(f"admin:{page}", args=[] if key is None else [key])
            unknown = self._unknown(page, key) if access.rows else ""
            if access.asks:
                number = self.world.world.companies[place].number
                more = f"sku=S-1&person=bodo@{number.lower()}.example"
                path, unknown = (f"{path}?company={asked}&{more}" for asked in (number, "NOBODY"))
            for method in ("GET", "POST"):
                named = method in access.methods
                lets = method in access.methods and (name == SUPERUSER or self._opens(name, access, method))
                body = self._body(page, place, key) if method == "POST" else None
                yield Ask(page, method, path, place, lets, is_met, body, unknown=unknown, is_named=named)

    def _opens(self, name: str, access: Page, method: str) -> bool:
        if not access.opens:
            return name in (*ROLES, NONE) and not access.every
        return access.is_open(name, method)

    def _unknown(self, page: str, key: object) -> str:
        nobody = NOBODYS_ID if isinstance(key, int) else "Z-999999999"
        return reverse(f"admin:{page}", args=[nobody])

    def _body(self, page: str, place: str, key: object) -> dict[str, Any]:
        """What the form of an own page would send."""
        company = self.world.world.companies.get(place)
        number = company.number if company else "UNIT"
        mail = f"bodo@{number.lower()}.example"
        who = company.memberships.get(user__email=mail).user_id if company else 0
        if page == "quotes_quote_save":
            return self._saved(reverse("admin:quotes_quote_page", args=[key]))
        version = _version_of(key) if page.startswith("quotes_quote_") and key else 0
        said = {
            "version": version,
            "comment": "c",
            "reason": "r",
            "text": "t",
            "minutes": "15",
            "person": who,
        }
        return {
            "accounts_company_duplicates": {"do": "part", "one": "PAIR-1", "other": "PAIR-2", "reason": "r"},
            "accounts_company_acting": {**said, "reason": "called in"},
            "accounts_user_partners": {
                "email": "pia@partner.example",
                "name": "Pia",
                "days": "3",
                "reason": "audit",
            },
            "accounts_user_partner": {"days": "3", "reason": "audit"},
            "accounts_user_roles": {"roles": ["Operator"]},
            "accounts_user_personal": {"export": "1"},
            "core_auditentry_evidence": {"since": "2026-01-01", "through": "2026-01-02"},
            "core_case_page": {"do": "take"},
            "integrations_delivery_page": {"do": "drop", "reason": "r"},
            "integrations_flow_page": {"do": "pause", "reason": "r"},
            "quotes_quote_new": {"contact": mail, "lines": "S-1 3"},
        }.get(page, said)

    def _saved(self, path: str) -> dict[str, Any]:
        if path not in self._forms:
            with transaction.atomic():
                page = self._boss.get(path).content.decode()
                transaction.set_rollback(True)
            self._forms[path] = filled(page, having="line-TOTAL_FORMS")
        return self._forms[path]

    def _searches(self, name: str) -> Iterator[Ask]:
        """The site's search, and the suggestions of every field that offers some."""
        is_in = name in (*ROLES, NONE, SUPERUSER)
        for word in ("FOREIGN", "foreign"):
            yield Ask("search", "GET", f"{reverse('admin:search')}?s={word}", "", is_in, True)
            for model, model_admin in admin.site._registry.items():
                for offered in (model_admin, *model_admin.inlines):
                    for field in getattr(offered, "autocomplete_fields", ()):
                        told = (offered.model if offered is not model_admin else model)._meta
                        query = f"app_label={told.app_label}&model_name={told.model_name}&field_name={field}"
                        sees = told.get_field(field).related_model._meta.label
                        lets = is_in and self._may(name, sees, "view")
                        path = f"{reverse('admin:autocomplete')}?term={word}&{query}"
                        yield Ask("autocomplete", "GET", path, "", lets, True, verb=f"{told.label}.{field}")

    def steps(self) -> set[str]:
        """What the table lets somebody write: of what was never seen to write anything, a walk has shown nothing."""
        wanted = {
            f"{label.lower().replace('.', '_')}_{verb} {verb}"
            for label, rows in ROWS.items()
            for verb in rows.forms
        }
        wanted |= {page for page, access in PAGES.items() if "POST" in access.methods}
        return wanted - UNTOLD


def _version_of(number: object) -> int:
    from quotes.models import Quote

    return Quote.objects.get(number=number).version


def _is_sent_away(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith(DOORS)
