"""What each flow may write: its own facts and nothing else (SEC-01, SEC-02).

A flow acts under its own name, `flow:<name>`. One that is not here has no rights at all, so that a new
flow is refused until somebody has said what it brings.
"""

from core import ownership

RIGHTS: dict[str, tuple[str, ...]] = {
    "erp.terms": ("accounts.PaymentTerm",),
    "erp.customers": ("accounts.Company", "accounts.Address"),
    "erp.credit": ("accounts.CreditAccount",),
    "erp.taxes": ("pricing.TaxRate",),
    "erp.warehouses": ("catalog.Warehouse",),
    "erp.products": ("catalog.Product", "catalog.ProductUnit"),
    "erp.stock": ("catalog.StockLevel",),
    "erp.price-lists": ("pricing.PriceList",),
    "erp.assignments": ("pricing.PriceListAssignment",),
    "erp.prices": ("pricing.PriceRow",),
    "erp.costs": ("pricing.ItemCost",),
    "erp.order-states": ("orders.Order", "orders.OrderLine"),
    "erp.shipments": ("orders.Shipment", "orders.Order", "orders.OrderLine"),
    "erp.invoices": ("orders.Invoice", "orders.Order", "orders.OrderLine"),
    "erp.orders-out": ("orders.Order", "orders.OrderLine"),
    "pim.categories": ("catalog.Category",),
    "pim.content": ("catalog.Product", "catalog.ProductUnit"),
}


def grant_all() -> None:
    """Give every flow its rights; called once at start."""
    for flow, models in RIGHTS.items():
        ownership.grant(f"flow:{flow}", models)
