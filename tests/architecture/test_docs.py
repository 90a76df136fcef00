"""What the readme and docs/ name is there: files, modules and names, commands and targets."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.core.management import get_commands

from tests.architecture.test_borders import APPS, ROOT

# Written by machine from the rest, and the largest of them at the very end alone.
MADE = {"requirements.md", "data-map.md"}
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in MADE),
]
HOMES = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"var"}
CODE = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(rf"(?:{'|'.join([*APPS, 'demo'])})(?:\.\w+)+")
PERMISSIONS = {
    f"{model._meta.app_label}.{codename}"
    for model in apps.get_models()
    for codename in [
        *(get_permission_codename(verb, model._meta) for verb in model._meta.default_permissions),
        *(codename for codename, _words in model._meta.permissions),
    ]
}


def names(page: Path) -> list[str]:
    """What a page sets in the type of code, without what stands outside of blocks of commands."""
    return CODE.findall(re.sub(r"(?ms)^```.*?^```$", "", page.read_text()))


def is_there(name: str) -> bool:
    """Whether a dotted name leads to a module, or to something in one."""
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:depth]))
        except ModuleNotFoundError:
            continue
        rest = parts[depth:]
        places = [found] if rest else []
        if len(parts) == 2 and rest:  # `accounts.Licence`: a model by the name that Django gives it
            places.append(import_module(f"{parts[0]}.models"))
        return not rest or any(hasattr(place, rest[0]) for place in places)
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_folder_that_a_page_names_is_there(page):
    paths = [name.split("::")[0] for name in names(page) if re.fullmatch(r"[\w./-]+(?:::\w+)?", name)]
    named = [path for path in paths if "/" in path and path.split("/")[0] in HOMES]
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", page.read_text()) if "://" not in link]

    assert [path for path in named if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()] == []
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_and_name_that_a_page_names_is_there(page):
    dotted = {name for name in names(page) if DOTTED.fullmatch(name)} - PERMISSIONS

    assert sorted(name for name in dotted if not is_there(name)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_target_that_a_page_names_is_there(page):
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = set(re.findall(r"`(?:\w+=\S+ )?make ([a-z-]+)`", text))

    assert sorted(set(re.findall(r"manage\.py ([a-z_]+)", text)) - set(get_commands())) == []
    assert sorted(asked - targets) == []
