"""Asking the register of tax ids: for one number, and whether it is there at all."""

from django.conf import settings

from accounts.actions.registrations import RegisterWord
from integrations.connectors.tax_register import mapping
from integrations.connectors.tax_register.transport import exchange


def ask(number: str) -> RegisterWord:
    """The register's word on a tax id. Raises CallFailed; reads only, so that asking twice does no harm."""
    body = mapping.question(number, settings.TAX_REGISTER["own_vat"])
    return mapping.word(exchange("POST", "/check-vat-number", body))


def probe() -> None:
    """The cheapest question that shows whether it is there. Raises CallFailed."""
    exchange("GET", "/check-status")
