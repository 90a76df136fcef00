"""Tables of orders: carts, orders, what the ERP tells of them, approvals, budgets, and the policy of checkout."""

from orders.models.approval import ApprovalDecision, ApprovalRequest, ApprovalRule, ApprovalStep
from orders.models.budget import Budget, BudgetEntry, CostCentre
from orders.models.cart import Cart, CartLine
from orders.models.erp import Invoice, InvoiceLine, Orderer, Payment, Shipment, ShipmentLine
from orders.models.order import Order, OrderLine, OrderMove
from orders.models.policy import CachedCredit, CheckoutPolicy

__all__ = [
    "ApprovalDecision",
    "ApprovalRequest",
    "ApprovalRule",
    "ApprovalStep",
    "Budget",
    "BudgetEntry",
    "CachedCredit",
    "Cart",
    "CartLine",
    "CheckoutPolicy",
    "CostCentre",
    "Invoice",
    "InvoiceLine",
    "Order",
    "OrderLine",
    "OrderMove",
    "Orderer",
    "Payment",
    "Shipment",
    "ShipmentLine",
]
