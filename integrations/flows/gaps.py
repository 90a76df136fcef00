"""What a flow lacks before its object counts as complete (INT-62)."""

from importlib import import_module

from django.conf import settings

from integrations.flows.definition import Flow

PLAYBOOKS = "docs/playbooks.md"


def flow_gaps(flow: Flow) -> tuple[str, ...]:
    """Name each part that a flow lacks: contract, mapping, tests, monitor, alert rule, playbook."""
    parts = {
        "contract": bool(flow.contract),
        "mapping": _is_there(flow.mapping),
        "tests": _has_tests(flow.tests),
        "monitor": bool(flow.kind) and bool(flow.limit),
        "alert rule": flow.alert is not None,
        "playbook": _has_playbook(flow.playbook),
    }
    return tuple(part for part, is_there in parts.items() if not is_there)


def _is_there(place: str) -> bool:
    module, _dot, name = place.rpartition(".")
    if not module:
        return False
    try:
        return hasattr(import_module(module), name) or bool(import_module(place))
    except ImportError:
        return False


def _has_tests(path: str) -> bool:
    """An installation may come without its tests; then their name is taken as it stands."""
    is_installed_without = not (settings.BASE_DIR / "tests").is_dir()
    return bool(path) and (is_installed_without or (settings.BASE_DIR / path).is_file())


def _has_playbook(anchor: str) -> bool:
    page = settings.BASE_DIR / PLAYBOOKS
    return bool(anchor) and page.is_file() and f'<a id="{anchor}"></a>' in page.read_text()
