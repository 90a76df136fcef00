"""News as a sender pushes them, and what tests look at of them afterwards."""

import base64
import time
from datetime import timedelta

from catalog.models import StockLevel
from integrations import intake, signatures
from integrations.actions.inbox.messages import Incoming, store_pushed
from integrations.models import InboxMessage
from integrations.states import Lane
from integrations.systems import flow_actor
from tests.factories.catalog import MORNING
from tests.factories.orders import open_warehouse

SECRET = b"k" * 32
WORD = signatures.PREFIX + base64.b64encode(SECRET).decode()
INBOUND = {"erp": {"secrets": WORD, "secrets_file": ""}}
LATER = MORNING + timedelta(hours=1)


def message(kind, version, *, urgent=False, **data):
    return {"kind": kind, "id": f"{kind}-{version}", "version": version, "urgent": urgent, "data": data}


def credit(version, *, company="ACME", as_of=LATER, **data):
    told = {"company_number": company, "currency": "EUR", "used_amount": "0.00", "as_of": as_of.isoformat()}
    return message("credit", version, **{**told, **data})


def stock(version, sku, on_hand, *, as_of=LATER, **more):
    code = open_warehouse().code
    data = {"sku": sku, "warehouse_code": code, "on_hand": str(on_hand), "as_of": as_of.isoformat()}
    return message("stock", version, **data, **more)


def price(version, sku, unit_price, *, as_of=LATER, **more):
    data = {"price_list_code": "LIST", "sku": sku, "unit_price": unit_price, "as_of": as_of.isoformat()}
    return message("price", version, **data, **more)


def work(seconds=60.0, **options):
    return intake.work(until=time.monotonic() + seconds, **options)


def states():
    return list(InboxMessage.objects.order_by("id").values_list("message_id", "state"))


def figures():
    """{sku: what the ERP last said there is}."""
    return {row.product.sku: row.on_hand for row in StockLevel.objects.select_related("product")}


def store_bulk(count, *, kind="stock", lane=Lane.BULK):
    """Messages of batches as they lie in the inbox, each about another product that is not here."""
    rows = [
        Incoming(f"X-{n}/LNZ", "1", stock("1", f"X-{n}", 5)["data"], kind=kind, lane=lane)
        for n in range(count)
    ]
    for start in range(0, count, 500):
        store_pushed("erp", rows[start : start + 500], by=flow_actor("erp.events"))
