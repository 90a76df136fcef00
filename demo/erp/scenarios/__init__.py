"""What the ERP's own staff does: ship, invoice, take payments, credit, change prices, stock and limits."""

from __future__ import annotations

from collections.abc import Callable

from demo.erp.databases import ScenarioError
from demo.erp.scenarios import fulfilment, invoicing, locks, masterdata, sales

SCENARIOS: dict[str, Callable[..., dict]] = {
    "ship": fulfilment.ship,
    "cancel-shipment": fulfilment.cancel_shipment,
    "post-invoice": invoicing.post_invoice,
    "pay": invoicing.pay,
    "credit-note": invoicing.credit_note,
    "change-price": masterdata.change_price,
    "change-list-price": masterdata.change_list_price,
    "change-stock": masterdata.change_stock,
    "change-terms": masterdata.change_terms,
    "change-sale-units": masterdata.change_sale_units,
    "credit-limit": masterdata.credit_limit,
    "require-approval": masterdata.require_approval,
    "show-licence": masterdata.show_licence,
    "change-contact": masterdata.change_contact,
    "over-credit": invoicing.over_credit,
    "retire-product": masterdata.retire_product,
    "retire-customer": masterdata.retire_customer,
    "add-products": masterdata.add_products,
    "show-sale": sales.show_sale,
    "count-sales": sales.count_sales,
    "cancel-sale": sales.cancel_sale,
    "process-sale": sales.process_sale,
    "hold-lock": locks.hold_lock,
}


def play(name: str, **arguments) -> dict:
    """Play one scenario; raises ScenarioError with a readable reason when it cannot be played."""
    from trytond.exceptions import TrytonException

    if name not in SCENARIOS:
        raise ScenarioError(f"There is no scenario {name}; there are {', '.join(SCENARIOS)}.")
    function = SCENARIOS[name]
    try:
        return function(**arguments)
    except TypeError as error:
        if f"{function.__name__}()" not in str(error):
            raise
        raise ScenarioError(str(error)) from error
    except TrytonException as error:
        raise ScenarioError(f"{type(error).__name__}: {error}") from error
