"""Tables of orders: carts, orders, what the ERP tells of them, and the policy of checkout."""

from orders.models.cart import Cart, CartLine
from orders.models.erp import Invoice, InvoiceLine, Payment, Shipment, ShipmentLine
from orders.models.order import Order, OrderLine, OrderMove
from orders.models.policy import CachedCredit, CheckoutPolicy

__all__ = [
    "CachedCredit",
    "Cart",
    "CartLine",
    "CheckoutPolicy",
    "Invoice",
    "InvoiceLine",
    "Order",
    "OrderLine",
    "OrderMove",
    "Payment",
    "Shipment",
    "ShipmentLine",
]
