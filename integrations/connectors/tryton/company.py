"""What every call to Tryton stands on: our company there, its currency, warehouses, terms; read once."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.tryton.mapping import UNIT_CODES
from integrations.connectors.tryton.transport import Tryton
from integrations.failures import Broken, Refused


@dataclass
class Ground:
    """The company that the portal sells for. context: goes with each call, or Tryton answers nothing.

    has_portal_key: whether the ERP makes our order number unique. Ids are asked for once and again
    when one is not found.
    """

    erp: Tryton
    company_id: int
    party_id: int
    currency: str
    main_currency_id: int
    has_portal_key: bool
    has_packaging: bool
    _ids: dict[str, dict[str, int]] = field(default_factory=dict)
    _unit_codes: dict[str, str] = field(default_factory=dict)

    @property
    def context(self) -> dict[str, Any]:
        """The context of a call."""
        return {"company": self.company_id}

    def currency_id(self, code: str) -> int:
        """The id of a currency. Raises Refused when the ERP has no such one."""
        return self._id("currency.currency", "code", code, [], _("currency"))

    def warehouse_id(self, code: str) -> int:
        """The id of a warehouse by its code."""
        return self._id("stock.location", "code", code, [["type", "=", "warehouse"]], _("warehouse"))

    def term_id(self, name: str) -> int | None:
        """The id of a payment term by its name, None for none."""
        return self._id("account.invoice.payment_term", "name", name, [], _("payment term")) if name else None

    def unit_code(self, symbol: str) -> str:
        """The UN/ECE code of a unit by its symbol, empty when nobody has given it one."""
        if symbol not in self._unit_codes:
            self._unit_codes.setdefault(symbol, UNIT_CODES.get(symbol, ""))
            if self.has_packaging:
                rows = self.erp.call(
                    "model.product.sale_unit.search_read",
                    [["uom.symbol", "=", symbol]],
                    0,
                    1,
                    None,
                    ["code"],
                    context=self.context,
                )
                self._unit_codes[symbol] = rows[0]["code"] if rows else self._unit_codes[symbol]
        return self._unit_codes[symbol]

    def _id(self, model: str, key: str, value: str, domain: list[Any], noun: object) -> int:
        known = self._ids.setdefault(model, {})
        if value not in known:
            rows = self.erp.call(
                f"model.{model}.search_read", domain, 0, None, None, [key], context=self.context
            )
            known.update({row[key]: row["id"] for row in rows if row[key]})
        if value not in known:
            raise Refused(
                f"The {model} is not found.",
                cause=_("The ERP has no %(noun)s %(value)s.") % {"noun": noun, "value": value},
                code="reference_unknown",
                evidence={"model": model, "key": value},
            )
        return known[value]


@dataclass(frozen=True)
class Seat:
    """Who we are in the ERP: as much as one short call tells, for questions that somebody waits for."""

    company_id: int
    party_id: int
    currency: str
    main_currency_id: int

    @property
    def context(self) -> dict[str, Any]:
        """The context of a call."""
        return {"company": self.company_id}


@lru_cache(maxsize=8)
def seat_of(erp: Tryton) -> Seat:
    """Our company of a connection, read at its first use."""
    companies = erp.call(
        "model.company.company.search_read",
        [],
        0,
        1,
        [["id", "ASC"]],
        ["party", "currency", "currency.code"],
    )
    if not companies:
        raise Broken("The ERP's user sees no company.")
    company = companies[0]
    return Seat(
        company_id=company["id"],
        party_id=company["party"],
        currency=company["currency."]["code"],
        main_currency_id=company["currency"],
    )


@lru_cache(maxsize=8)
def ground_of(erp: Tryton) -> Ground:
    """The ground of a connection, read at its first use."""
    return _read(erp)


def _read(erp: Tryton) -> Ground:
    seat = seat_of(erp)
    context = seat.context
    sale = erp.call("model.sale.sale.fields_get", [], context=context)
    template = erp.call("model.product.template.fields_get", [], context=context)
    return Ground(
        erp=erp,
        company_id=seat.company_id,
        party_id=seat.party_id,
        currency=seat.currency,
        main_currency_id=seat.main_currency_id,
        has_portal_key="portal_key" in sale,
        has_packaging="sale_units" in template,
    )
