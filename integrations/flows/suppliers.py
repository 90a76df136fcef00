"""Flows of suppliers' files: read when a person hands one over, by the lane of all other batches (INT-49)."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.staff import SALES_MANAGER
from catalog.records import StockRecord
from core.tolerance import Tolerance
from integrations.flows.definition import SLOW, AlertRule, Flow, hours
from integrations.systems import SUPPLIER
from pricing.records import PriceRecord

READING = "integrations.connectors.supplier_files.reading"
TESTS = "tests/integrations/test_supplier_files.py"

SUPPLIERS = (
    Flow(
        "supplier.prices",
        _("Prices in suppliers' files"),
        SUPPLIER,
        limit=hours(24 * 40),
        kind="supplier_prices",
        full_every=None,
        lane=SLOW,
        contract=(PriceRecord,),
        tolerance=Tolerance(most_percent=Decimal("0.5")),
        mapping=f"{READING}.read_prices",
        writes=("pricing.PriceList", "pricing.PriceListAssignment", "pricing.PriceRow"),
        steward=SALES_MANAGER,
        alert=AlertRule(hours(24 * 45), 1, 100),
        tests=TESTS,
        playbook="suppliers",
    ),
    Flow(
        "supplier.stock",
        _("Stock in suppliers' files"),
        SUPPLIER,
        limit=hours(48),
        kind="supplier_stock",
        full_every=None,
        lane=SLOW,
        contract=(StockRecord,),
        tolerance=Tolerance(most_percent=Decimal("0.5")),
        mapping=f"{READING}.read_stock",
        writes=("catalog.StockLevel",),
        alert=AlertRule(hours(72), 1, 100),
        tests=TESTS,
        playbook="suppliers",
    ),
)
