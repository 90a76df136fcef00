"""Nordwind's own address and its customers. People, companies and numbers are inventions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Place:
    """An address. country: ISO 3166; is_invoice, is_delivery: what it may be used for."""

    label: str
    street: str
    postal_code: str
    city: str
    country: str = "AT"
    is_invoice: bool = False
    is_delivery: bool = True


@dataclass(frozen=True)
class Customer:
    """A customer of the ERP.

    parent: code of the company it is a branch of; terms, price_list: None where the branch takes its parent's;
    credit_limit: euros, None means none of its own. invoice_contact, invoice_email: who gets the invoices, "" where
    they go to `email`.
    """

    code: str
    name: str
    vat: str | None
    email: str
    phone: str
    terms: str | None
    price_list: str | None
    credit_limit: Decimal | None
    places: tuple[Place, ...]
    parent: str | None = None
    invoice_contact: str = ""
    invoice_email: str = ""


OWN_NAME = "Nordwind Verbindungstechnik GmbH"
OWN_VAT = "ATU70128364"
OWN_PLACE = Place("Head office", "Hafenstraße 5", "4020", "Linz", is_invoice=True)

TERMS: dict[str, int] = {"immediate": 0, "net30": 30, "net60": 60}
WAREHOUSES: dict[str, str] = {"WH": "Linz", "EAST": "Vienna"}

CUSTOMERS: tuple[Customer, ...] = (
    Customer(
        "C1000",
        "Kessler Maschinenbau AG",
        "ATU62047136",
        "purchasing@kessler.example",
        "+43 732 555010",
        "net60",
        "Key account",
        Decimal(50_000),
        (
            Place("Head office", "Industriezeile 118", "4020", "Linz", is_invoice=True, is_delivery=False),
            Place("Central stores", "Lunzerstraße 62", "4030", "Linz"),
        ),
        invoice_contact="Ingrid Aigner",
        invoice_email="invoices@kessler.example",
    ),
    Customer(
        "C1001",
        "Kessler Werk Ulm",
        "DE294718364",
        "werk.ulm@kessler.example",
        "+49 731 555020",
        "net60",
        "Key account",
        Decimal(15_000),
        (
            Place("Receiving, gate 2", "Daimlerstraße 27", "89079", "Ulm", "DE"),
            Place("Tool shop, hall 4", "Daimlerstraße 31", "89079", "Ulm", "DE"),
        ),
        parent="C1000",
    ),
    Customer(
        "C1002",
        "Kessler Werk Graz",
        None,
        "werk.graz@kessler.example",
        "+43 316 555030",
        "net60",
        None,
        None,
        (
            Place("Receiving", "Puchstraße 185", "8055", "Graz"),
            Place("Prototype workshop", "Kärntner Straße 212", "8053", "Graz"),
        ),
        parent="C1000",
    ),
    Customer(
        "C2000",
        "Brenner Werkzeuge KG",
        "ATU68112044",
        "einkauf@brenner.example",
        "+43 7242 555040",
        "net30",
        "Dealer",
        Decimal(8_000),
        (
            Place("Office and shop", "Salzburger Straße 203", "4600", "Wels", is_invoice=True),
            Place("Warehouse", "Terminalstraße 19", "4600", "Wels"),
        ),
    ),
    Customer(
        "C3000",
        "Alpina Stahlbau GmbH",
        "ATU73409251",
        "einkauf@alpina.example",
        "+43 512 555050",
        "net30",
        "Dealer",
        Decimal(1_500),
        (
            Place("Office", "Eduard-Bodem-Gasse 12", "6020", "Innsbruck", is_invoice=True, is_delivery=False),
            Place("Construction yard", "Schlöglstraße 40", "6060", "Hall in Tirol"),
            Place("Assembly hall", "Gewerbepark Süd 7", "6068", "Mils"),
        ),
    ),
    Customer(
        "C4000",
        "Tarvos Lift Service GmbH",
        "ATU69304175",
        "teile@tarvos.example",
        "+43 1 5550600",
        "immediate",
        None,
        None,
        (
            Place("Workshop", "Laxenburger Straße 151", "1100", "Wien", is_invoice=True),
            Place("Service depot North", "Prager Straße 263", "1210", "Wien"),
        ),
    ),
    # Last, so that the records before keep their ids: a department, without terms of trade of its own.
    Customer(
        "C1010",
        "Kessler Werk Ulm, Maintenance",
        None,
        "instandhaltung.ulm@kessler.example",
        "+49 731 555025",
        "net60",
        "Key account",
        None,
        (
            Place("Maintenance store, hall 2", "Daimlerstraße 29", "89079", "Ulm", "DE"),
            Place("Press line", "Daimlerstraße 29", "89079", "Ulm", "DE"),
        ),
        parent="C1001",
    ),
)
