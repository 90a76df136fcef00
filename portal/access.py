"""Who may open which address: what right opens it, whose thing it shows, and how far that right goes.

The one table of all pages and API addresses. An address that is not in it fails the suite; `make crawl` holds the
product to it, role by role and company by company; `manage.py rights` writes docs/rights.md of it. The views
ask `scope` and the queries themselves: this table enforces nothing, it is what they are held against.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.proposals import PROPOSES
from accounts.scope import Scope
from accounts.states import Depth, Right


class Where(StrEnum):
    """How far the right to see a kind of thing goes."""

    TREE = "the unit, or all below it, as deep as the right goes"
    DOCUMENT = "as deep as the right goes; at the depth “own” what one placed or asked for oneself"
    HERE = "the acting company alone"
    PERSON = "the person alone, in the acting company"
    RANGE = "what the company's assortments hold"
    LINE = "the acting company and those above it"
    SEAT = "companies in which the person has a right"


@dataclass(frozen=True)
class Kind:
    """A kind of thing that an address can name. sees: the right that decides on seeing it; None where none does.

    is_inherited: lists name those of the companies above, too. named_to: rights that let one read those of the
    acting company, or with the right to approve wherever that reaches, beside the right that decides.
    """

    words: str
    where: Where
    sees: Right | None = None
    is_inherited: bool = False
    named_to: tuple[Right, ...] = ()

    def is_listed(self, scope: Scope, company_id: int, *, is_own: bool) -> bool:
        """Whether lists and forms may name a thing of a company."""
        if self.is_inherited and self.sees and scope.may(self.sees) and company_id in scope.lineage:
            return True
        reached = {one for right in self.named_to if right == Right.APPROVE for one in scope.reach(right)}
        if company_id in reached or (
            company_id == scope.company_id and any(scope.may(right) for right in self.named_to)
        ):
            return True
        return self.is_seen(scope, company_id, is_own=is_own)

    def is_seen(self, scope: Scope, company_id: int, *, is_own: bool) -> bool:
        """Whether somebody sees a thing of a company. is_own: it is of this very person."""
        if self.where is Where.PERSON:
            return is_own and company_id == scope.company_id
        if self.where is Where.LINE:
            return company_id in scope.lineage
        if self.where is Where.SEAT:
            return company_id in scope.company_ids
        if self.where is Where.RANGE or self.sees is None:
            return company_id == scope.company_id
        if self.where is Where.HERE and company_id != scope.company_id:
            return False
        if self.where is Where.DOCUMENT and scope.depths.get(self.sees) == Depth.OWN and not is_own:
            return False
        return company_id in scope.reach(self.sees)


KINDS = {
    "order": Kind("order", Where.DOCUMENT, Right.SEE_ORDERS),
    "approval": Kind("order that a mail asks about", Where.DOCUMENT, Right.SEE_ORDERS),
    "quote": Kind("quote", Where.DOCUMENT, Right.SEE_ORDERS),
    "rfq": Kind("request for quote", Where.DOCUMENT, Right.SEE_ORDERS),
    "invoice": Kind("invoice", Where.TREE, Right.SEE_INVOICES),
    "cart-line": Kind("line of a cart", Where.PERSON),
    "member": Kind("member", Where.TREE, Right.MANAGE_PEOPLE),
    "invitation": Kind("invitation", Where.TREE, Right.MANAGE_PEOPLE),
    "role": Kind("role of the company", Where.HERE, Right.MANAGE_PEOPLE, is_inherited=True),
    "address": Kind("address", Where.HERE),
    "proposal": Kind("proposed change", Where.TREE, Right.MANAGE_COMPANY),
    "own-proposal": Kind("change that one proposed oneself", Where.PERSON),
    "rule": Kind("approval rule", Where.HERE, Right.MANAGE_COMPANY),
    "budget": Kind("budget", Where.TREE, Right.MANAGE_COMPANY, named_to=(Right.BUY, Right.APPROVE)),
    "cost-centre": Kind(
        "cost centre", Where.HERE, Right.MANAGE_COMPANY, is_inherited=True, named_to=(Right.BUY,)
    ),
    "product": Kind("product", Where.RANGE),
    "category": Kind("category", Where.RANGE),
    "media": Kind("picture or document", Where.RANGE),
    "company": Kind("company", Where.SEAT),
    "unit": Kind("unit", Where.TREE, Right.MANAGE_PEOPLE),
    "colleague": Kind("colleague, named by an id", Where.LINE),
    "delegation": Kind("delegation of approvals", Where.PERSON),
    "session": Kind("place where one is signed in", Where.PERSON),
}


@dataclass(frozen=True)
class Access:
    """What one address asks of whoever opens it.

    opens: the rights of which one must be there, none where a company is enough. also: one that must be there
    besides; posts: one that writing needs besides. kind: what its parameter names, "" without one. field: the
    form's field that names the thing, where the address does not. acts: the right must reach the company of
    the thing, too. here: the thing must be of the acting company. is_others, is_mine: never, or only, with what is one's own.
    is_quiet: a thing that is not there is passed over in silence. names: kinds of things that it names as a text,
    without a link, where they belong to what it shows: an invoice says for which order it is, whoever may open that.
    finds: kinds of things that its search finds; one that may not be seen changes nothing in the answer.
    open_to: why a stranger may open it, "" for nobody.
    """

    opens: tuple[Right, ...] = ()
    kind: str = ""
    methods: tuple[str, ...] = ("GET",)
    field: str = ""
    also: Right | None = None
    posts: Right | None = None
    acts: bool = False
    here: bool = False
    is_others: bool = False
    is_mine: bool = False
    is_quiet: bool = False
    names: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    open_to: str = ""

    def is_open(self, scope: Scope, method: str = "GET") -> bool:
        """Whether the person may open it at all, in the acting company."""
        besides = (self.also, self.posts if method == "POST" else None)
        if not all(right is None or scope.may(right) for right in besides):
            return False
        return not self.opens or any(scope.may(right) for right in self.opens)

    def lets(self, scope: Scope, company_id: int, *, is_own: bool, method: str = "GET") -> bool:
        """Whether it does what it is for with a thing of a company."""
        if not self.is_open(scope, method) or (self.is_others and is_own) or (self.is_mine and not is_own):
            return False
        if not KINDS[self.kind].is_seen(scope, company_id, is_own=is_own):
            return False
        if self.here and company_id != scope.company_id:
            return False
        return not self.acts or any(company_id in scope.reach(right) for right in self.opens)


POST, BOTH = ("POST",), ("GET", "POST")
CART = (Right.BUY, Right.REQUEST_QUOTES)
DEMO = "the demo alone: its mails"


def _page(*opens: Right, kind: str = "", methods: tuple[str, ...] = ("GET",), **more: Any) -> Access:
    return Access(opens, kind, methods, **more)


def _step(*opens: Right, kind: str = "", **more: Any) -> Access:
    return Access(opens, kind, POST, acts=bool(kind), **more)


def _answer(right: Right) -> Access:
    """An answer to an offer: by the company that it is for, and by somebody who can read it."""
    return _step(right, kind="quote", here=True, also=Right.VIEW_PRICES)


ROUTES: dict[str, Access] = {
    "portal:home": _page(names=("order",)),
    "portal:company-switch": Access(kind="company", methods=POST, field="company"),
    "portal:catalogue": _page(),
    "portal:category-detail": _page(kind="category"),
    "portal:search": _page(finds=("product",)),
    "portal:product-detail": _page(kind="product"),
    "portal:media": _page(kind="media"),
    "portal:cart": _page(),
    "portal:cart-clear": _step(*CART),
    "portal:cart-details": _step(*CART),
    "portal:cart-line-add": Access(CART, "product", POST, field="sku"),
    "portal:cart-line-change": Access(CART, "cart-line", POST),
    "portal:cart-line-remove": Access(CART, "cart-line", POST, is_quiet=True),
    "portal:checkout": _page(Right.BUY, methods=BOTH),
    "portal:rfq-create": _page(Right.REQUEST_QUOTES, methods=BOTH),
    "portal:rfq-detail": _page(kind="rfq"),
    "portal:rfq-cancel": _step(Right.REQUEST_QUOTES, kind="rfq"),
    "portal:quote-list": _page(Right.VIEW_PRICES, Right.REQUEST_QUOTES),
    "portal:quote-detail": _page(Right.VIEW_PRICES, Right.REQUEST_QUOTES, kind="quote"),
    "portal:quote-seen": Access((Right.VIEW_PRICES,), "quote", POST),
    "portal:quote-accept": _answer(Right.BUY),
    "portal:quote-change": _answer(Right.REQUEST_QUOTES),
    "portal:quote-decline": _answer(Right.BUY),
    "portal:order-list": _page(finds=("order",)),
    "portal:order-detail": _page(kind="order"),
    "portal:order-approve": _step(Right.APPROVE, kind="order", is_others=True),
    "portal:order-reject": _step(Right.APPROVE, kind="order", is_others=True),
    "portal:order-cancel": _step(Right.BUY, kind="order"),
    "portal:order-return": _step(Right.APPROVE, kind="order", is_others=True),
    "portal:order-resubmit": _step(Right.BUY, kind="order", is_mine=True),
    "portal:approval-list": _page(Right.APPROVE, finds=("order",)),
    "portal:approval-link": _page(kind="approval"),
    "portal:approval-decide": _step(
        Right.APPROVE, kind="order", field="order", is_others=True, is_quiet=True
    ),
    "portal:absence-add": Access((Right.APPROVE,), "colleague", POST, field="delegate"),
    "portal:absence-end": Access((), "delegation", POST, field="key"),
    "portal:approval-rules": _page(Right.MANAGE_COMPANY),
    "portal:approval-rule-save": _step(Right.MANAGE_COMPANY, kind="rule", field="code"),
    "portal:approval-rule-activate": _step(Right.MANAGE_COMPANY, kind="rule", field="rule"),
    "portal:approval-rule-end": _step(Right.MANAGE_COMPANY, kind="rule", field="rule"),
    "portal:budget-list": _page(),
    "portal:budget-save": _step(Right.MANAGE_COMPANY, kind="budget", field="key", here=True),
    "portal:budget-end": _step(Right.MANAGE_COMPANY, kind="budget", field="key", here=True),
    "portal:cost-centre-add": _step(Right.MANAGE_COMPANY),
    "portal:cost-centre-rename": _step(Right.MANAGE_COMPANY, kind="cost-centre", field="key"),
    "portal:address-list": _page(*PROPOSES),
    "portal:contact-change": _page(*PROPOSES, methods=BOTH),
    "portal:address-new": _page(*PROPOSES, methods=BOTH),
    "portal:address-change": _page(*PROPOSES, kind="address", methods=BOTH),
    "portal:proposal-release": _step(Right.MANAGE_COMPANY, kind="proposal"),
    "portal:proposal-decline": _step(Right.MANAGE_COMPANY, kind="proposal"),
    "portal:proposal-withdraw": Access(kind="own-proposal", methods=POST),
    "portal:security": _page(),
    "portal:security-sessions-end": Access((), "session", POST, field="session"),
    "portal:security-second-factor": _step(Right.MANAGE_PEOPLE),
    "portal:invoice-list": _page(Right.SEE_INVOICES, names=("order",), finds=("invoice", "order")),
    "portal:invoice-detail": _page(Right.SEE_INVOICES, kind="invoice", names=("order",)),
    "portal:acting-stop": _step(),
    "portal:unit-tree": _page(finds=("company",)),
    "portal:activity": _page(Right.MANAGE_PEOPLE, names=("role",)),
    "portal:member-list": _page(Right.MANAGE_PEOPLE, finds=("member",)),
    "portal:member-invite": Access((Right.MANAGE_PEOPLE,), "unit", BOTH, field="unit"),
    "portal:member-detail": _page(Right.MANAGE_PEOPLE, kind="member", methods=BOTH),
    "portal:member-manager": _step(Right.MANAGE_PEOPLE, kind="member"),
    "portal:member-end": _step(Right.MANAGE_PEOPLE, kind="member"),
    "portal:member-restore": _step(Right.MANAGE_PEOPLE, kind="member"),
    "portal:invitation-withdraw": _step(Right.MANAGE_PEOPLE, kind="invitation"),
    "portal:role-list": _page(Right.MANAGE_PEOPLE),
    "portal:role-new": _page(Right.MANAGE_PEOPLE, methods=BOTH),
    "portal:role-detail": _page(Right.MANAGE_PEOPLE, kind="role", methods=BOTH),
    "portal:role-remove": _step(Right.MANAGE_PEOPLE, kind="role", here=True),
    "api:description": _page(Right.USE_API),
    "api:product-list": _page(Right.USE_API, finds=("product",)),
    "api:product-detail": _page(Right.USE_API, kind="product"),
    "api:product-price": _page(Right.USE_API, kind="product"),
    "api:order-list": Access((Right.USE_API,), methods=BOTH, posts=Right.BUY),
    "api:order-detail": _page(Right.USE_API, kind="order", acts=True),
    "root": Access(open_to="leads on to the start page"),
    "inbound": Access(methods=POST, open_to="believes what another system has signed alone"),
    "portal:join": Access(methods=BOTH, open_to="opens by the signed word of an invitation alone"),
    "portal:company-sign-in": Access(methods=POST, open_to="leads an address to the provider of its domain"),
    "portal:company-sign-in-done": Access(open_to="believes a signed token of the company's provider alone"),
    "portal:register": Access(
        methods=BOTH, open_to="lets a company ask to become a customer; shows nothing of anybody"
    ),
    "portal:register-thanks": Access(open_to="the same words for everybody"),
    "portal:register-confirm": Access(
        methods=BOTH, open_to="opens by the signed word of a registration alone"
    ),
    "portal:healthz": Access(open_to="for the proxy; tells no business"),
    "portal:components": Access(open_to="invented data, in development and demo alone"),
    "portal:mail-list": Access(open_to=DEMO),
    "portal:mail-detail": Access(open_to=DEMO),
    "portal:mail-html": Access(open_to=DEMO),
}

# What writes nothing of a company's and says itself what it is about: the way out of a stale tab.
UNBOUND = frozenset({"portal:company-switch"})


def is_bound(name: str) -> bool:
    """Whether what an address does is done for the acting company: its forms say for which one they were shown.

    name: of a page of the portal, with its namespace. What opens to everybody knows no company.
    """
    access = ROUTES.get(name)
    return name.startswith("portal:") and name not in UNBOUND and not (access and access.open_to)


def addresses() -> dict[str, list[str]]:
    """Every address with the names of its parameters, but for the back office and the sign-in library's."""
    return dict(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, list[str]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace in {"portal", "api"} or not (pattern.namespace or str(pattern.pattern)):
                inner = f"{pattern.namespace}:" if pattern.namespace else space
                yield from _walk(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{space}{pattern.name}", re.findall(r"<(?:\w+:)?(\w+)>", str(pattern.pattern))
