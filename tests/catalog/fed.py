"""Records as feeds bring them, who brings them, and what tests look at afterwards."""

from datetime import timedelta

from django.db import connection

from catalog.records import ContentRecord, ProductRecord
from core.actor import Actor
from tests.factories.catalog import MORNING

ERP = Actor(channel="flow:erp.test", label="ERP", system="erp")
PIM = Actor(channel="flow:pim.test", label="PIM", system="pim")
STAFF = Actor(channel="admin", label="Sam")
NOON = MORNING + timedelta(hours=4)
PIECE = {"key": "u", "code": "C62", "numerator": 1, "is_default": True}
BOX = {"key": "box 200", "code": "XBX", "numerator": 200}


def item(sku="4762-M8X30-88Z", **changes):
    told = {"erp_name": f"SCREW {sku}", "units": [PIECE, BOX], "as_of": MORNING, "tax_code": "20"}
    return ProductRecord(sku=sku, **{**told, **changes})


def text(sku="4762-M8X30-88Z", **changes):
    told = {
        "name": "Socket head cap screw M8 x 30",
        "attributes": [{"code": "thread", "name": "Thread", "value": "M8", "is_facet": True}],
        "media": [{"kind": "drawing", "reference": "media/a.svg"}],
        "packing_texts": [{"unit_code": "XBX", "base_quantity": 200, "text": "Cardboard box"}],
        "as_of": MORNING,
    }
    return ContentRecord(sku=sku, **{**told, **changes})


def counts(applied):
    return applied.new, applied.changed, applied.same, applied.removed, len(applied.rejected)


def row_versions():
    """The physical version of every row of the catalogue: it differs after any write."""
    tables = ["product", "productunit", "stocklevel", "media", "productrelation", "category", "warehouse"]
    versions = {}
    with connection.cursor() as cursor:
        for table in [*tables, "historicalproduct"]:
            key = "history_id" if table.startswith("historical") else "id"
            cursor.execute(f"SELECT {key}, ctid, xmin FROM catalog_{table} ORDER BY 1")  # noqa: S608
            versions[table] = cursor.fetchall()
    return versions
