"""Tables of orders: carts, orders, and what the ERP tells of them."""

from orders.models.cart import Cart, CartLine
from orders.models.erp import Invoice, InvoiceLine, Payment, Shipment, ShipmentLine
from orders.models.order import Order, OrderLine, OrderMove

__all__ = [
    "Cart",
    "CartLine",
    "Invoice",
    "InvoiceLine",
    "Order",
    "OrderLine",
    "OrderMove",
    "Payment",
    "Shipment",
    "ShipmentLine",
]
