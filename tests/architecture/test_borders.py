"""The house rules that a reader must be able to rely on, read from the source."""

import ast
import re
from collections.abc import Iterator
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


@pytest.mark.req("INT-59")
@pytest.mark.parametrize("path", kind("rules", "states"), ids=ids)
def test_rules_and_states_know_no_model_no_clock_no_settings_no_request(path):
    bad = re.compile(
        r"(^|\.)(models|queries|actions)($|\.)|^django\.(db\.models$|http|conf|utils\.timezone)|^time$"
    )
    allowed = {"django.db.models"} if part_of(path) == "states" else set()

    found = {name for name in imports(path) if bad.search(name)} - allowed

    assert not found
    assert "timezone.now" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_module_names_say_what_is_inside(path):
    assert path.stem not in FORBIDDEN
    assert path.parent.name not in FORBIDDEN


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_every_module_opens_with_a_sentence(path):
    assert ast.get_docstring(ast.parse(path.read_text())), f"{ids(path)} says nothing of itself"


@pytest.mark.parametrize("path", [p for p in MODULES if p.parts[len(ROOT.parts)] == "portal"], ids=ids)
def test_the_edges_hold_no_query_of_their_own(path):
    found = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    ]

    assert not found, f"{ids(path)} reads models itself in lines {found}; use the app's queries"


@pytest.mark.req("ORD-01")
@pytest.mark.parametrize("path", [p for p in MODULES if part_of(p) not in {"actions", "models"}], ids=ids)
def test_a_status_is_assigned_in_actions_alone(path):
    owned = {"orders", "quotes", "accounts", "catalog"}
    if path.parts[len(ROOT.parts)] not in owned | {"portal", "integrations"}:
        return
    found = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute)
        and target.attr == "status"
        and not (isinstance(target.value, ast.Name) and target.value.id in {"response", "self"})
    ]

    assert not found


@pytest.mark.req("INT-21")
@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_only_connectors_speak_to_other_systems(path):
    inside = path.relative_to(ROOT).parts
    if inside[0] == "integrations":
        return
    clients = {"httpx2", "httpx", "requests", "urllib.request", "http.client", "socket", "xmlrpc"}

    allowed = {"socket"} if inside[:2] == ("portal", "postgres") else set()
    assert not {name for name in imports(path) if name in clients} - allowed


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_work_is_queued_through_one_door(path):
    if part_of(path) in {"wakeups", "worker", "tasks", "cluster"}:
        return

    assert "async_task" not in path.read_text()


TEMPLATES = sorted((ROOT / "templates" / "portal").rglob("*.html"))
FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.S | re.I)
# These change no document of a company.
FREE = {"portal:company-switch", "account_logout", "nav.switch_url", "nav.sign_out_url"}


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_form_says_for_which_company_it_was_shown(path):
    for form in FORM.findall(path.read_text()):
        if any(name in form for name in FREE):
            continue
        assert "acting_company" in form, f"a form of {ids(path)} lacks {{% acting_company %}}"


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
