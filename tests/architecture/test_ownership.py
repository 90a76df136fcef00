"""Every action that writes what another system owns asks first whether it may, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import ownership
from tests.architecture.test_borders import MODULES, ROOT, part_of

ACTIONS = [path for path in MODULES if part_of(path) == "actions" and path.name != "__init__.py"]
# Figures that we compute from the ERP's documents inside an action that has asked, and new lines at zero.
COMPUTED = {
    "orders/actions/lines.py:write_lines",
    "orders/actions/place.py:place_order",
    "orders/actions/standing.py:set_standing",
    "orders/actions/standing.py:close_if_complete",
    "orders/actions/standing.py:close_order",
}
# What has not left yet is still the buyer's, what nobody takes over is given up by the staff, and a customer that the
# ERP does not know yet has a first limit of ours; all others who settle a proposal have asked.
OURS_STILL = {
    "accounts/actions/proposing.py:withdraw_proposal",
    "accounts/actions/proposing.py:give_up_proposal",
    "accounts/actions/proposing.py:settle",
    "accounts/actions/opening.py:begin_credit",
}


def foreign_fields() -> dict[str, set[str]]:
    """{model: the fields that another system owns}."""
    return {
        model: {field for field, owner in fields.items() if owner != ownership.US}
        for model, fields in ownership.declared().items()
    }


def named(node: ast.AST) -> str:
    """The name at the root of `Model`, `Model.objects.filter(...)`."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def texts(node: ast.AST) -> set[str]:
    return {
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    }


def written(call: ast.Call, models: dict[str, set[str]]) -> bool:
    """Whether a call writes a field of these models that is not ours; "" names those of any model."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else named(call.func)
    if method in {"write", "bulk_create", "bulk_update"}:
        target = named(call.args[0]) if method == "write" and call.args else named(call.func)
        names = texts(call) or models.get(target, set())
        return target in models and bool(models[target] & names)
    if method in {"create", "update", "update_or_create"} or method in models:
        target = named(call.func)
        return bool({word.arg for word in call.keywords} & models.get(target, set()))
    if method == "save":
        fields = set().union(*(texts(word.value) for word in call.keywords if word.arg == "update_fields"))
        return bool(fields & models[""])
    return False


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def reach(name: str, known: dict[str, ast.FunctionDef]) -> Iterator[ast.FunctionDef]:
    """A function and those of its module that it calls, at any depth."""
    seen, waiting = set[str](), [name]
    while waiting:
        if (one := waiting.pop()) in seen or one not in known:
            continue
        seen.add(one)
        yield known[one]
        waiting += [node.id for node in ast.walk(known[one]) if isinstance(node, ast.Name)]


def writers(path: Path) -> Iterator[tuple[str, bool]]:
    """(public function that writes what is not ours, whether it asks) of a module of actions."""
    app = path.relative_to(ROOT).parts[0]
    models = {
        label.partition(".")[2]: fields
        for label, fields in foreign_fields().items()
        if label.startswith(f"{app}.") and fields
    }
    # Which model a `save` is of cannot be read: the names that no model of ours shares with it.
    ours = {
        field
        for label, fields in ownership.declared().items()
        if label.startswith(f"{app}.")
        for field, owner in fields.items()
        if owner == ownership.US
    }
    models[""] = set().union(*models.values()) - ours
    known = functions(path)
    for name in known:
        if name.startswith("_"):
            continue
        calls = [node for part in reach(name, known) for node in ast.walk(part) if isinstance(node, ast.Call)]
        if any(written(call, models) for call in calls):
            yield (
                f"{path.relative_to(ROOT)}:{name}",
                any(ast.unparse(call.func) == "ownership.check" for call in calls),
            )


@pytest.mark.req("INT-02")
def test_every_action_that_writes_what_is_not_ours_asks_whether_it_may():
    found = dict(pair for path in ACTIONS for pair in writers(path))

    assert {name for name, asks in found.items() if not asks} - COMPUTED - OURS_STILL == set()
    for name in ("accounts/actions/erp.py:apply_customers", "orders/actions/erp.py:confirm_order"):
        assert found[name] is True
    assert len(found) > 10
