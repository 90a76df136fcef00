"""Which event goes where: the one page that says it."""

from integrations.destinations import addresses, contacts, customers, erp, mail, tax_register, unconfirmed
from integrations.states import Lane
from integrations.systems import ERP, MAIL, TAX, Destination, Route

# Tryton locks whole tables at a confirmation: two at once only make each other fail.
DESTINATIONS: dict[str, Destination] = {
    "erp": Destination(
        "erp", ERP, 1, erp.send, erp.bury, passing=("order.cancelled",), pays=False, compare=erp.compare
    ),
    "erp-prices": Destination("erp-prices", ERP, 2, unconfirmed.send, unconfirmed.bury, pays=False),
    "erp-addresses": Destination("erp-addresses", ERP, 1, addresses.send, addresses.bury, pays=False),
    "erp-contacts": Destination("erp-contacts", ERP, 1, contacts.send, contacts.bury, pays=False),
    "erp-customers": Destination(
        "erp-customers", ERP, 1, customers.send, customers.bury, passing=("company.admitted",), pays=False
    ),
    "tax-register": Destination(
        "tax-register",
        TAX,
        2,
        tax_register.send,
        tax_register.bury,
        passing=("registration.register_asked",),
        pays=False,
    ),
    "mail": Destination("mail", MAIL, 4, mail.send, mail.bury, batch=10),
}

ROUTES: dict[str, tuple[str, ...]] = {
    "rfq.submitted": ("mail",),
    "rfq.declined": ("mail",),
    "quote.approval_requested": ("mail",),
    "quote.approved": ("mail",),
    "quote.returned": ("mail",),
    "quote.sent": ("mail",),
    "quote.change_requested": ("mail",),
    "quote.accepted": ("mail",),
    "quote.declined": ("mail",),
    "quote.expired": ("mail",),
    "quote.withdrawn": ("mail",),
    "address.proposed": ("erp-addresses",),
    "contact.proposed": ("erp-contacts",),
    "proposal.requested": ("mail",),
    "proposal.released": ("mail",),
    "proposal.declined": ("mail",),
    "order.received": ("erp", "mail"),
    "order.unconfirmed": ("erp-prices",),
    "order.resent": ("erp",),
    "order.cancelled": ("erp", "mail"),
    "order.approval_requested": ("mail",),
    "order.approval_reminded": ("mail",),
    "order.approval_escalated": ("mail",),
    "order.approval_rerouted": ("mail",),
    "order.returned": ("mail",),
    "order.approved": ("mail",),
    "order.rejected": ("mail",),
    "order.confirmed": ("mail",),
    "order.held": ("mail",),
    "shipment.shipped": ("mail",),
    "invoice.issued": ("mail",),
    "credit_note.issued": ("mail",),
    "case.escalated": ("mail",),
    "member.invited": ("mail",),
    "password.forgotten": ("mail",),
    "registration.submitted": ("mail",),
    "registration.known": ("mail",),
    "registration.repeated": ("mail",),
    "registration.confirmed": ("tax-register", "mail"),
    "registration.register_asked": ("tax-register",),
    "registration.approved": ("mail",),
    "registration.rejected": ("mail",),
    "company.admitted": ("erp-customers",),
    "company.opened": ("mail",),
}


# Who does not wait behind the others (INT-06): what stops or changes something that is under way. What comes
# in masses waits behind all. Everything else goes in between, in its order.
LANES: dict[str, Lane] = {
    "order.cancelled": Lane.URGENT,
    "order.held": Lane.URGENT,
    "order.rejected": Lane.URGENT,
    "quote.withdrawn": Lane.URGENT,
    "case.escalated": Lane.URGENT,
    "price_list.changed": Lane.BULK,
    "stock.updated": Lane.BULK,
}


def routes() -> list[Route]:
    """Every route, as the fan-out wants it."""
    return [
        Route(event, name, DESTINATIONS[name].system, LANES.get(event, Lane.NORMAL))
        for event, names in ROUTES.items()
        for name in names
    ]
