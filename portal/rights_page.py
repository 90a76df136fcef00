"""docs/rights.md, made of the tables that decide: roles, what comes with a right, addresses, duties of the staff."""

from django.conf import settings

from accounts.staff import ALL_CUSTOMERS, AREAS, ROLES, SEES
from accounts.states import BRINGS, BRINGS_OWN, RIGHTS, Depth, Right, Role, grants_of
from portal.access import KINDS, ROUTES, Access
from portal.admin.access import PAGES as STAFF_PAGES
from portal.admin.access import ROWS as STAFF_ROWS
from portal.admin.access import Page, Whose, may_do

PATH = settings.BASE_DIR / "docs" / "rights.md"
HEAD = """# Rights

Made by `manage.py rights --write` of `accounts/states.py`, `accounts/staff.py`, `portal/access.py` and `portal/admin/access.py`; the
tests fail when it is out of date, and `make crawl` holds the product to it. A membership may also have roles that its company
composes of the same rights and depths.
"""


def rights_page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_roles(), *_brought(), *_kinds(), *_addresses(), *_staff(), *_rows(), *_pages()])


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*("| " + " | ".join(cells) + " |" for cells in lines), ""]


def _roles() -> list[str]:
    given = {role: grants_of([role]) for role in RIGHTS}
    rows = [
        [str(right.label), *(_depth(given[role].get(right)) for role in RIGHTS)]
        for right in Right
    ]  # fmt: skip
    return ["## Ready-made roles\n", *_table(["right", *(str(Role(role).label) for role in RIGHTS)], rows)]


def _depth(depth: Depth | None) -> str:
    return str(depth.label) if depth else "–"


def _brought() -> list[str]:
    rows = [[str(Right(right).label), _words(brought)] for right, brought in BRINGS.items()]
    own = Right.SEE_ORDERS.label
    rows += [[str(right.label), f"{own}, at the depth “own” at least"] for right in BRINGS_OWN]
    return ["## What comes with a right, at its depth\n", *_table(["right", "brings"], rows)]


def _words(rights: tuple[str, ...], joint: str = ", ") -> str:
    return joint.join(str(Right(right).label) for right in rights)


def _kinds() -> list[str]:
    rows = [
        [kind.words, str(kind.sees.label) if kind.sees else "–", kind.where.value] for kind in KINDS.values()
    ]
    return ["## Who sees a thing\n", *_table(["thing", "right", "how far"], rows)]


def _addresses() -> list[str]:
    rows = [[name, " ".join(item.methods), *_asked(item)] for name, item in ROUTES.items()]
    return ["## Addresses\n", *_table(["address", "methods", "opens with", "thing", "besides"], rows)]


def _asked(item: Access) -> list[str]:
    if item.open_to:
        return ["everybody", "–", item.open_to]
    besides = {
        f"also: {item.also.label}" if item.also else "": item.also is not None,
        f"to write: {item.posts.label}" if item.posts else "": item.posts is not None,
        "the right must reach the thing's company": item.acts,
        "of the acting company alone": item.here,
        "never one's own": item.is_others,
        "one's own alone": item.is_mine,
        f"names as a text: {', '.join(KINDS[kind].words for kind in item.names)}": bool(item.names),
        f"finds: {', '.join(KINDS[kind].words for kind in item.finds)}": bool(item.finds),
    }
    told = "; ".join(words for words, holds in besides.items() if holds)
    thing = KINDS[item.kind].words if item.kind else "–"
    return [_words(item.opens, " or ") or "being signed in", thing, told or "–"]


def _staff() -> list[str]:
    rows = [[area, *("sees" if area in SEES[role] else "–" for role in ROLES)] for area in AREAS]
    more = "What each role may do beyond seeing, and which roles exclude each other, is in [staff.md](staff.md).\n"
    return ["## Staff\n", more, *_table(["area", *ROLES], rows)]


def _rows() -> list[str]:
    """The back office's models: what each role may do with which rows."""
    rows = [
        [label, item.whose.value, *(_verbs(role, label) for role in ROLES)]
        for label, item in STAFF_ROWS.items()
    ]
    more = (
        "Of somebody else's customer nothing is found, in lists, pages, histories, search, suggestions and actions: "
        "“own” says that the role meets its own customers alone.\n"
    )
    return ["## Rows of the back office\n", more, *_table(["rows", "whose", *ROLES], rows)]


def _verbs(role: str, label: str) -> str:
    verbs = [verb for verb in ("view", *sorted(STAFF_ROWS[label].forms)) if may_do(role, label, verb)]
    if not verbs:
        return "–"
    is_own = STAFF_ROWS[label].whose in (Whose.OWN, Whose.HANDED) and role not in ALL_CUSTOMERS
    return ("own: " if is_own else "") + ", ".join(verbs)


def _pages() -> list[str]:
    """The back office's own pages: who opens them, and who writes by them."""
    rows = [
        [name, " ".join(page.methods), *(_page_of(role, page) for role in ROLES)]
        for name, page in STAFF_PAGES.items()
    ]
    more = "“own” says: for the own customers' alone.\n"
    return ["## Own pages of the back office\n", more, *_table(["page", "methods", *ROLES], rows)]


def _page_of(role: str, page: Page) -> str:
    opens, writes = (method in page.methods and page.is_open(role, method) for method in ("GET", "POST"))
    if not (opens or writes):
        return "–"
    label = page.rows or page.asks
    is_own = label and STAFF_ROWS[label].whose in (Whose.OWN, Whose.HANDED) and role not in ALL_CUSTOMERS
    word = "opens, writes" if opens and writes else "writes" if writes else "opens"
    return f"own: {word}" if is_own else word
