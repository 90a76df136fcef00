"""The customers with addresses and their numbers, terms, price lists, limits, and who is a branch of whom."""

from __future__ import annotations

from demo.company.customers import CUSTOMERS, Customer
from demo.erp.lookups import one

# Whoever is in it has orders approved before they are sent.
APPROVAL = "Requires approval"


def parties(terms: dict, price_lists: dict[str, int]) -> None:
    """Create all customers and the relation "is branch of" between branches and their parents."""
    from proteus import Model

    branch_of = relation_type()
    Model.get("party.category")(name=APPROVAL).save()
    countries = {code: one("country.country", ("code", "=", code)) for code in ("AT", "DE")}
    found = {}
    for customer in CUSTOMERS:
        found[customer.code] = party(customer, terms, price_lists, countries)
        if customer.parent:
            Model.get("party.relation.all")(
                from_=found[customer.code], to=found[customer.parent], type=branch_of
            ).save()


def relation_type():
    """Create the relation in both directions and return "is branch of"."""
    from proteus import Model

    Type = Model.get("party.relation.type")
    parent_of, branch_of = Type(name="is parent of"), Type(name="is branch of")
    parent_of.save()
    branch_of.reverse = parent_of
    branch_of.save()
    parent_of.reverse = branch_of
    parent_of.save()
    return branch_of


def party(customer: Customer, terms: dict, price_lists: dict[str, int], countries: dict):
    """Create one customer."""
    from proteus import Model

    record = Model.get("party.party")(name=customer.name, code=customer.code)
    while record.addresses:
        record.addresses.pop()
    for place in customer.places:
        record.addresses.new(
            party_name=f"{customer.name}, {place.label}",
            street_unstructured=place.street,
            postal_code=place.postal_code,
            city=place.city,
            country=countries[place.country],
            delivery=place.is_delivery,
            invoice=place.is_invoice,
        )
    record.contact_mechanisms.new(type="email", value=customer.email)
    record.contact_mechanisms.new(type="phone", value=customer.phone)
    if customer.invoice_email:
        record.contact_mechanisms.new(
            type="email", value=customer.invoice_email, name=customer.invoice_contact, invoice=True
        )
    if customer.vat:
        record.identifiers.new(type="eu_vat", code=customer.vat)
    record.customer_payment_term = terms[customer.terms] if customer.terms else None
    if customer.price_list:
        record.sale_price_list = Model.get("product.price_list")(price_lists[customer.price_list])
    record.credit_limit_amount = customer.credit_limit
    record.save()
    numbers(customer, record)
    return record


def numbers(customer: Customer, record) -> None:
    """Give each address its numbers: one as ship-to, another one as bill-to."""
    from proteus import Model

    Identifier = Model.get("party.identifier")
    places = {f"{customer.name}, {place.label}": place for place in customer.places}
    for position, address in enumerate(sorted(record.addresses, key=lambda address: address.id), 1):
        place = places[address.party_name]
        if place.is_delivery:
            Identifier(
                party=record, address=address, type="shipto", code=f"{customer.code}-S{position}"
            ).save()
        if place.is_invoice:
            Identifier(
                party=record, address=address, type="billto", code=f"{customer.code}-B{position}"
            ).save()
