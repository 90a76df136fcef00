"""The connectors in use: one line per system; a new one touches nothing else."""

from collections.abc import Callable

from integrations.connectors.pim_files import reading as pim_files
from integrations.connectors.tax_register import reading as tax_register
from integrations.connectors.tryton import reading as tryton
from integrations.systems import ERP, PIM, TAX

PROBES: dict[str, Callable[[], None]] = {
    ERP: tryton.probe,
    PIM: pim_files.probe,
    TAX: tax_register.probe,
}


def probe_of(key: str) -> Callable[[], None]:
    """The cheapest question that shows whether a system works; for mail, trying again is the question."""
    return PROBES.get(key, _nothing)


def _nothing() -> None:
    return None
