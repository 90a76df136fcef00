"""What the frame of a buyer's page shows: the company, the sections with counts, the person."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.listing import Counted
from accounts.models import Company, Membership, User
from accounts.proposals import PROPOSES
from accounts.queries.companies import acting_company
from accounts.queries.members import memberships_of, role_names
from accounts.queries.proposed import release_count
from accounts.scope import Scope
from accounts.standing import words_for
from accounts.states import Right
from orders.queries.cart import cart_count
from orders.queries.orders import approval_count
from portal.delay import Ages, Banner
from portal.features import ages_of, feature_of
from portal.kept import kept, names, wording
from quotes.queries.offers import READS, waiting_count


@dataclass(frozen=True)
class Link:
    """One place to go: a section, a tab, an entry of a menu.

    count: how many things there wait for this person, 0 when none or not counted; is_more: or more than
    that. tone: warn where an answer is expected.
    """

    label: str
    url: str
    icon: str
    count: int = 0
    tone: str = ""
    is_current: bool = False
    is_more: bool = False


@dataclass(frozen=True)
class Choice:
    """A company that the person may act for; depth: how far it is indented below its parent."""

    name: str
    number: str
    note: str
    currency: str
    depth: int = 0
    is_current: bool = False


@dataclass(frozen=True)
class CartMark:
    """The cart at the right of the bar: where it is, and how many lines lie in it."""

    url: str
    lines: int


@dataclass(frozen=True)
class Person:
    """Who is signed in, as the menu at the right names it."""

    name: str
    email: str
    role: str
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class Navigation:
    """The whole frame; templates/portal/_top.html and its neighbours read it field by field.

    until: when the ages in it change by time alone, None while they do not.
    """

    home_url: str
    switch_url: str
    search_url: str
    sign_out_url: str
    person: Person
    company: Choice | None = None
    companies: list[Choice] = field(default_factory=list)
    sections: list[Link] = field(default_factory=list)
    cart: CartMark | None = None
    note: str = ""
    contact: str = ""
    banner: Banner | None = None
    until: datetime | None = None

    @property
    def tabs(self) -> list[Link]:
        """The four sections at a phone's lower edge."""
        return self.sections[:4]

    @property
    def more(self) -> list[Link]:
        """The sections behind "More" on a phone."""
        return self.sections[4:]


# Beyond it the bar says that there are more.
MOST, NONE = 99, Counted(0)

# label, name of the address, icon, the rights of which one opens it, none for everybody
SECTIONS = [
    (gettext_lazy("Home"), "portal:home", "home", ()),
    (gettext_lazy("Catalogue"), "portal:catalogue", "layout-grid", ()),
    (gettext_lazy("Quotes"), "portal:quote-list", "file-text", READS),
    (gettext_lazy("Orders"), "portal:order-list", "package", ()),
    (gettext_lazy("Approvals"), "portal:approval-list", "user-check", (Right.APPROVE,)),
    (gettext_lazy("Budgets"), "portal:budget-list", "scale", (Right.BUY, Right.APPROVE)),
    (gettext_lazy("Invoices"), "portal:invoice-list", "receipt", (Right.SEE_INVOICES,)),
    (gettext_lazy("Addresses"), "portal:address-list", "map-pin", PROPOSES),
    (gettext_lazy("People"), "portal:member-list", "user", (Right.MANAGE_PEOPLE,)),
]


def navigation(request: HttpRequest) -> Navigation | None:
    """The frame of a signed-in person's page; None for a stranger.

    A handful of statements when something in it has changed, else none beside the generations.
    """
    user = request.user
    if not isinstance(user, User):
        return None
    key = ("navigation", *frame_key(request))
    made: Navigation = kept(key, lambda: _navigation(request, user), lambda nav: nav.until)
    return made


def frame_key(request: HttpRequest) -> tuple[Hashable, ...]:
    """All that the frame is made of: the person, the scope, the address, the words, the state of the data."""
    state = names(request, "people", "carts", "orders", "quotes", "proposals", "ages")
    scope: Scope = request.scope  # type: ignore[attr-defined]
    return (request.user.pk, scope, request.path, request.GET.get("q"), wording(), state)


def _navigation(request: HttpRequest, user: User) -> Navigation:
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = timezone.now()
    memberships = list(memberships_of(scope.buyer_id or user.pk))
    current = next((item for item in memberships if item.pk == scope.membership_id), None)
    rows = _as_tree(memberships)
    companies = [_choice(item.company, item.company_id == scope.company_id, depth) for item, depth in rows]
    here = current.company if current else None
    if current and current.company_id != scope.company_id:  # by the rights of a company above it
        here = acting_company(scope)
        at = next(place for place, (item, _depth) in enumerate(rows) if item is current)
        companies.insert(at + 1, _choice(here, True, min(rows[at][1] + 1, 2)))
    if scope.assistance_id is not None:  # there is nothing to change to in somebody else's place
        companies = []
    ages = ages_of(request)
    return Navigation(
        home_url=reverse("portal:home"),
        switch_url=reverse("portal:company-switch"),
        search_url=reverse("portal:search"),
        sign_out_url=reverse("account_logout"),
        person=_person(user, current, scope),
        company=_choice(here, True) if here else None,
        companies=companies,
        sections=_sections(request.path, scope, ages.features) if current else [],
        cart=_cart(scope) if current else None,
        note=ages.note() if current else "",
        banner=_banner(here, ages) if current else None,
        contact=_contact(here),
        until=ages.turn_at(now),
    )


def _banner(here: Company | None, ages: Ages) -> Banner | None:
    """What the state of the company forbids, or else which figures are late."""
    told = words_for(here.status) if here else None
    return Banner(*told) if told else ages.banner()


def _sections(path: str, scope: Scope, features: frozenset[str]) -> list[Link]:
    counts = {
        "portal:quote-list": waiting_count(scope, most=MOST) if "quotes" in features else NONE,
        "portal:approval-list": approval_count(scope, most=MOST) if scope.may(Right.APPROVE) else NONE,
        "portal:address-list": release_count(scope, most=MOST) if scope.may(Right.MANAGE_COMPANY) else NONE,
    }
    return [
        Link(
            str(label),
            reverse(name),
            icon,
            counts.get(name, NONE).number,
            "warn",
            path.startswith(reverse(name)),
            counts.get(name, NONE).is_more,
        )
        for label, name, icon, rights in SECTIONS
        if (not rights or any(scope.may(right) for right in rights)) and feature_of(name) in {"", *features}
    ]


def _cart(scope: Scope) -> CartMark | None:
    return CartMark(reverse("portal:cart"), cart_count(scope)) if scope.may(Right.BUY) else None


def _as_tree(memberships: list[Membership]) -> list[tuple[Membership, int]]:
    """The memberships with each branch below its parent, and how deep it stands there (0 to 2)."""
    own = {item.company_id: item for item in memberships}
    below: dict[int | None, list[Membership]] = {}
    for item in memberships:
        parent = item.company.parent_id
        below.setdefault(parent if parent in own else None, []).append(item)

    def walk(parent: int | None, depth: int) -> list[tuple[Membership, int]]:
        rows: list[tuple[Membership, int]] = []
        for item in below.get(parent, []):
            rows += [(item, min(depth, 2)), *walk(item.company_id, depth + 1)]
        return rows

    return walk(None, 0)


def _choice(company: Company, is_current: bool, depth: int = 0) -> Choice:
    note = _("customer %(number)s") % {"number": company.number}
    return Choice(company.name, company.number, note, company.currency, depth, is_current)


def _person(user: User, membership: Membership | None, scope: Scope) -> Person:
    links = []
    if len(scope.company_ids) > 1:
        links.append(Link(_("Units"), reverse("portal:unit-tree"), "building"))
    links.append(Link(_("Sign-in and security"), reverse("portal:security"), "lock"))
    if user.is_staff:
        links.append(Link(_("Back office"), reverse("admin:index"), "settings"))
    if settings.DEMO:
        links.append(Link(_("Mails of the demo"), reverse("portal:mail-list"), "mail"))
    role = ", ".join(role_names(membership)) if membership else ""
    return Person(str(user), user.email, role, links)


def _contact(company: Company | None) -> str:
    rep = company.sales_rep if company else None
    return ", ".join(part for part in (rep.name, rep.phone) if part) if rep else ""
