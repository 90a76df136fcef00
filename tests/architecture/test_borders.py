"""The house rules that a reader must be able to rely on, read from the source."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["core", "accounts", "catalog", "pricing", "orders", "quotes", "integrations", "portal"]
MODULES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
FORBIDDEN = {"utils", "helpers", "common", "misc", "manager", "handler", "services"}


def part_of(path: Path) -> str:
    """The kind of file in its app: rules, states, actions ...; of a folder of that name, too."""
    inside = path.relative_to(ROOT).parts[1:]
    return Path(inside[0]).stem if inside else ""


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def kind(*names: str) -> list[Path]:
    return [path for path in MODULES if part_of(path) in names]


def offenders(paths: Iterable[Path], fault: Callable[[Path], object]) -> dict[str, object]:
    """{file: what is wrong with it} for the files in which `fault` finds something."""
    found = {ids(path): fault(path) for path in paths}
    return {name: wrong for name, wrong in found.items() if wrong}


@pytest.mark.req("INT-59")
def test_rules_and_states_know_no_model_no_clock_no_settings_no_request():
    bad = re.compile(
        r"(^|\.)(models|queries|actions)($|\.)|^django\.(db\.models$|http|conf|utils\.timezone)|^time$"
    )

    def fault(path: Path) -> object:
        allowed = {"django.db.models"} if part_of(path) == "states" else set()
        found = {name for name in imports(path) if bad.search(name)} - allowed
        return found or "timezone.now" in path.read_text()

    assert len(kind("rules", "states")) > 10
    assert offenders(kind("rules", "states"), fault) == {}


def test_module_names_say_what_is_inside():
    assert [ids(path) for path in MODULES if {path.stem, path.parent.name} & FORBIDDEN] == []


def test_every_module_opens_with_a_sentence():
    assert offenders(MODULES, lambda path: not ast.get_docstring(ast.parse(path.read_text()))) == {}


def lines_with(path: Path, found: Callable[[ast.AST], bool]) -> list[int]:
    """The lines of a file that hold such a node."""
    return [node.lineno for node in ast.walk(ast.parse(path.read_text())) if found(node)]


def of_app(*apps: str) -> list[Path]:
    return [path for path in MODULES if path.relative_to(ROOT).parts[0] in apps]


def test_the_edges_hold_no_query_of_their_own():
    def reads(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "objects"

    assert offenders(of_app("portal"), lambda path: lines_with(path, reads)) == {}


@pytest.mark.req("ORD-01")
def test_a_status_is_assigned_in_actions_alone():
    def assigns(node: ast.AST) -> bool:
        if not isinstance(node, ast.Assign | ast.AugAssign):
            return False
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(
            isinstance(target, ast.Attribute)
            and target.attr == "status"
            and not (isinstance(target.value, ast.Name) and target.value.id in {"response", "self"})
            for target in targets
        )

    apps = of_app("accounts", "catalog", "orders", "quotes", "integrations", "portal")
    elsewhere = [path for path in apps if part_of(path) not in {"actions", "models"}]

    assert offenders(elsewhere, lambda path: lines_with(path, assigns)) == {}


@pytest.mark.req("INT-21")
def test_only_connectors_speak_to_other_systems():
    clients = {"httpx2", "httpx", "requests", "urllib.request", "http.client", "socket", "xmlrpc"}

    def speaks(path: Path) -> object:
        allowed = {"socket"} if path.relative_to(ROOT).parts[:2] == ("portal", "postgres") else set()
        return {name for name in imports(path) if name in clients} - allowed

    outside = [path for path in MODULES if path not in of_app("integrations")]
    assert offenders(outside, speaks) == {}


# The one use case in which a person waits for another system, and who may call it.
ASKING = "portal.usecases.confirm_and_place"
EDGES_THAT_ASK = {"portal/views/checkout.py", "portal/views/quotes.py", "portal/api/v1/orders.py"}


@pytest.mark.req("INT-28", "PERF-02")
def test_the_registry_holds_every_call_that_a_person_waits_for():
    from integrations.live import LIVE

    assert {str(kind): call.flow for kind, call in LIVE.items()} == {
        "price": "erp.live-price",
        "stock": "erp.live-stock",
        "credit": "erp.live-credit",
    }


@pytest.mark.req("INT-28", "PERF-02")
def test_no_page_asks_another_system_but_by_the_one_use_case():
    speaking = re.compile(
        r"^integrations\.(live|connectors|destinations|delivery|running|dispatch|feeds)($|\.)"
    )

    def asks(path: Path) -> object:
        return {name for name in all_imports(path) if speaking.match(name)}

    edges = [path for path in of_app("portal") if path.relative_to(ROOT).parts[1] != "usecases"]
    assert len(edges) > 50
    assert offenders(edges, asks) == {}
    left = of_app("core", "accounts", "catalog", "pricing", "orders", "quotes")
    assert offenders(left, lambda path: [n for n in all_imports(path) if n.startswith("integrations")]) == {}


@pytest.mark.req("INT-28", "PERF-02")
def test_only_ordering_waits_for_the_erp():
    callers = {
        ids(path)
        for path in of_app("portal")
        if any(name.startswith(ASKING) for name in all_imports(path)) and "usecases" not in path.parts
    }
    askers = {
        ids(path)
        for path in of_app("integrations", "portal")
        if any(name.startswith("integrations.live") for name in all_imports(path))
    }

    assert callers == EDGES_THAT_ASK
    assert askers == {
        "portal/usecases/confirm_and_place.py",
        "portal/usecases/decide.py",  # the last look before an order is let through, or submitted again
        "integrations/destinations/unconfirmed.py",  # in the background, where nobody waits
    }


def all_imports(path: Path) -> Iterator[str]:
    """As `imports`, with the names that are taken out of a package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_work_is_queued_through_one_door():
    others = [path for path in MODULES if part_of(path) not in {"wakeups", "worker", "tasks", "cluster"}]

    assert offenders(others, lambda path: "async_task" in path.read_text()) == {}


TEMPLATES = sorted((ROOT / "templates" / "portal").rglob("*.html"))
FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.S | re.I)
# These change no document of a company.
FREE = {"portal:company-switch", "account_logout", "nav.switch_url", "nav.sign_out_url"}


def test_every_form_says_for_which_company_it_was_shown():
    def silent(path: Path) -> object:
        forms = [form for form in FORM.findall(path.read_text()) if not any(name in form for name in FREE)]
        return [form[:80] for form in forms if "acting_company" not in form]

    assert sum(len(FORM.findall(path.read_text())) for path in TEMPLATES) > 10
    assert offenders(TEMPLATES, silent) == {}


@pytest.mark.req("SEC-03")
def test_no_secret_and_no_registry_stands_in_the_repository():
    suspicious = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30}|--(extra-)?index-url|registry\.npmjs|pypi\.org/simple"
    )
    places = [ROOT / name for name in [*APPS, "demo", "tests", "docs", "templates", ".ci"]]
    files = [
        f for place in places for f in place.rglob("*") if f.is_file() and f.suffix not in {".pyc", ".png"}
    ]
    files += [
        ROOT / name for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock")
    ]

    found = [
        ids(file)
        for file in files
        if file != Path(__file__)
        and "__pycache__" not in file.parts
        and suspicious.search(file.read_text(errors="ignore"))
    ]

    assert not found
