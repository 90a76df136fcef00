"""What ERP and PIM hold beside the contract: read from the real ones, it leaves no trace (INT-63)."""

import json

import pytest

from accounts.models import Company
from catalog.models import Product
from integrations.connectors.tryton import masters
from integrations.running import run_flow
from tests.integrations.test_contracts import PLANTED, everywhere
from tests.integrations.test_flows import portal, run_all  # noqa: F401 - a fixture
from tests.integrations.test_pim_files import (  # noqa: F401 - fixtures
    SCREW,
    drop,
    original,
    redeliver,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton"), pytest.mark.django_db]
FLOWS = ["erp.terms", "erp.customers", "erp.credit", "erp.taxes", "erp.warehouses", "erp.products"]


@pytest.mark.req("INT-63")
def test_what_the_pim_adds_to_its_rows_is_not_stored(drop):  # noqa: F811 - the fixture
    def add(text):
        rows = [json.loads(line) for line in text.splitlines()]
        for row in rows:
            row["internal_note"] = PLANTED
            row["supplier"] = {"name": PLANTED, "price": [PLANTED]}
            for part in (*row.get("attributes", []), *row.get("media", []), *row.get("packaging", [])):
                part["hidden"] = PLANTED
        return "".join(json.dumps(row) + "\n" for row in rows)

    redeliver(drop, add)

    run_flow("pim.categories", is_asked=True)
    run = run_flow("pim.content", is_asked=True)

    assert run.changed + run.new == 2
    assert Product.objects.get(sku=SCREW).name.startswith("Socket head cap screw")
    assert everywhere(PLANTED) == []


def with_more(row):
    """A row of the ERP with fields that nobody asked for, also in its parts."""
    if isinstance(row, dict):
        return {
            **{key: with_more(value) for key, value in row.items()},
            "margin": PLANTED,
            "note.text": [PLANTED],
        }
    return [with_more(part) for part in row] if isinstance(row, list) else row


@pytest.mark.req("INT-63")
def test_what_the_erp_sends_beside_the_contract_is_not_stored(portal, monkeypatch):  # noqa: F811 - the fixture
    for name in ("pages", "by_ids"):
        read = getattr(masters, name)
        monkeypatch.setattr(
            masters, name, lambda *args, read=read, **more: (with_more(row) for row in read(*args, **more))
        )

    run_all(FLOWS)
    run_all(FLOWS, is_full=True)

    assert Company.objects.filter(number="C3000").exists()
    assert Product.objects.count() == 345
    assert everywhere(PLANTED) == []
