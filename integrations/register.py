"""The register: what the hub does for the business, unit by unit, and which flows buyers would notice (INT-53, INT-54)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.staff import OPERATOR, SALES, SALES_MANAGER

Words = str | Promise


@dataclass(frozen=True)
class Service:
    """A business service: what it gives, through which flows, where it is written, who owns it.

    place: the module that others call. errors: kinds of cases that its trouble opens. owner: the role
    that answers for it. flows: what it is measured by; where none, its cases alone measure it.
    """

    key: str
    label: Words
    gives: Words
    place: str
    owner: str
    flows: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


FLOW_ERRORS = ("flow_late", "flow_errors", "flow_backlog", "flow_broken", "row_rejected", "rows_rejected")

SERVICES: tuple[Service, ...] = (
    Service(
        "customer",
        _("Customer"),
        _("Who buys, where to deliver, on which terms and credit"),
        "accounts.queries",
        OPERATOR,
        (
            "erp.terms",
            "erp.customers",
            "erp.credit",
            "erp.live-credit",
            "erp.addresses-out",
            "erp.contacts-out",
            "erp.licences",
            "erp.customers-out",
            "tax.checks",
        ),
        (
            *FLOW_ERRORS,
            "address_refused",
            "contact_refused",
            "proposal_unreleased",
            "customer_refused",
            "tax_register_silent",
            "duplicate_customer",
        ),
    ),
    Service(
        "product",
        _("Product"),
        _("What there is to buy, with its units, content and place in the catalogue"),
        "catalog.queries",
        OPERATOR,
        ("erp.products", "pim.categories", "pim.content"),
        FLOW_ERRORS,
    ),
    Service(
        "price",
        _("Price"),
        _("What this customer pays, and why"),
        "pricing.queries",
        SALES_MANAGER,
        (
            "erp.price-lists",
            "erp.assignments",
            "erp.prices",
            "erp.costs",
            "erp.taxes",
            "erp.live-price",
            "supplier.prices",
        ),
        (*FLOW_ERRORS, "rising_ladder"),
    ),
    Service(
        "availability",
        _("Availability"),
        _("How many there are, where, and until when that is known"),
        "catalog.queries",
        OPERATOR,
        ("erp.warehouses", "erp.stock", "erp.live-stock", "supplier.stock"),
        FLOW_ERRORS,
    ),
    Service(
        "order-submission",
        _("Order submission"),
        _("Each confirmed order in the ERP, once"),
        "orders.actions.checkout",
        OPERATOR,
        ("erp.orders-out",),
        (*FLOW_ERRORS, "erp_refusal", "dead_letter", "order_differs", "undo_failed"),
    ),
    Service(
        "order-status",
        _("Order status"),
        _("Where an order is, what was shipped and invoiced, and that people are told"),
        "orders.queries.view",
        OPERATOR,
        ("erp.order-states", "erp.shipments", "erp.invoices", "erp.events", "mail.out"),
        (*FLOW_ERRORS, "contradiction", "over_shipped", "orphan", "quarantined", "mail_undelivered"),
    ),
    Service(
        "quote-approval",
        _("Quote approval"),
        _("Offers below the floor are decided by somebody who may"),
        "quotes.actions.approval",
        SALES_MANAGER,
        ("erp.costs", "mail.out"),
        ("mail_undelivered",),
    ),
    Service(
        "exception-handling",
        _("Exception handling"),
        _("What goes wrong is a case with cause, evidence, owner and permitted repairs"),
        "integrations.repairs",
        OPERATOR,
        (),
        ("system_down",),
    ),
)

# What a buyer would notice of each flow; what is not here stays behind the counter.
NOTICED: dict[str, Words] = {
    "erp.customers": _("addresses to choose from"),
    "erp.credit": _("whether an order goes through at once"),
    "erp.products": _("products, units and pack sizes"),
    "erp.taxes": _("the total with tax"),
    "erp.price-lists": _("the price"),
    "erp.assignments": _("the price"),
    "erp.prices": _("the price"),
    "erp.stock": _("availability and its age"),
    "erp.live-price": _("the price at the decision"),
    "erp.live-stock": _("availability at the decision"),
    "erp.live-credit": _("whether an order goes through at once"),
    "erp.licences": _("whether goods that need a licence can be ordered"),
    "erp.addresses-out": _("whether a changed address is in force"),
    "erp.contacts-out": _("whether changed contact data are in force"),
    "erp.customers-out": _("whether a new customer sees prices"),
    "erp.orders-out": _("the confirmation"),
    "erp.order-states": _("the order's status"),
    "erp.shipments": _("what was shipped"),
    "erp.invoices": _("what was invoiced and paid"),
    "pim.content": _("names, pictures and attributes"),
    "pim.categories": _("the way through the catalogue"),
    "mail.out": _("being told at all"),
}


def touches_buyers(flow: str) -> bool:
    """Whether a buyer would lose confidence when this flow goes wrong (INT-54)."""
    return flow in NOTICED


@dataclass(frozen=True)
class ByHand:
    """A way in or out that a person walks. place: the code, page or command."""

    label: Words
    way: Words
    place: str
    role: str
    is_noticed: bool = False


BY_HAND: tuple[ByHand, ...] = (
    ByHand(_("Orders handed out as a file"), _("out, on demand"), "manage.py export_orders", OPERATOR),
    ByHand(
        _("A flow run by hand"), _("in, on demand"), "manage.py sync · Run now", OPERATOR, is_noticed=True
    ),
    ByHand(
        _("Drops of the PIM laid into its folder"), _("in, when a drop comes"), "PIM_DROP", OPERATOR, True
    ),
    ByHand(_("Quotes entered by sales"), _("in, on demand"), "New quote", SALES, True),
)
