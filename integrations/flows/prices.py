"""Flows of price lists, who has them, prices and costs."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.staff import SALES_MANAGER
from core.tolerance import Tolerance
from integrations import feeds
from integrations.flows.definition import SLOW, AlertRule, Flow, hours, minutes, seconds
from integrations.systems import ERP
from pricing.records import AssignmentRecord, CostRecord, PriceListRecord, PriceRecord

READING = "integrations.connectors.tryton.prices"
TESTS = "tests/integrations/test_flows.py"

PRICES = (
    Flow(
        "erp.price-lists",
        _("Price lists"),
        ERP,
        seconds(60),
        minutes(60),
        "price_lists",
        feed=feeds.price_lists,
        full_every=None,
        lane=SLOW,
        contract=(PriceListRecord,),
        mapping=f"{READING}.read_price_lists",
        writes=("pricing.PriceList",),
        steward=SALES_MANAGER,
        alert=AlertRule(hours(2), 1, 10),
        tests=TESTS,
        playbook="prices",
    ),
    Flow(
        "erp.assignments",
        _("Price lists of customers"),
        ERP,
        seconds(60),
        minutes(60),
        "assignments",
        feed=feeds.assignments,
        full_every=None,
        lane=SLOW,
        after=("erp.price-lists", "erp.customers"),
        contract=(AssignmentRecord,),
        mapping=f"{READING}.read_assignments",
        writes=("pricing.PriceListAssignment",),
        steward=SALES_MANAGER,
        alert=AlertRule(hours(2), 1, 50),
        tests=TESTS,
        playbook="prices",
        criteria=("company", "segment"),
    ),
    Flow(
        "erp.prices",
        _("Prices"),
        ERP,
        seconds(60),
        minutes(60),
        "prices",
        feed=feeds.prices,
        lane=SLOW,
        after=("erp.price-lists", "erp.products"),
        contract=(PriceRecord,),
        tolerance=Tolerance(most_percent=Decimal("0.5")),
        mapping=f"{READING}.read_prices",
        writes=("pricing.PriceRow",),
        steward=SALES_MANAGER,
        alert=AlertRule(hours(2), 1, 100),
        tests=TESTS,
        playbook="prices",
        criteria=("category",),
    ),
    Flow(
        "erp.costs",
        _("Costs"),
        ERP,
        minutes(10),
        minutes(240),
        "costs",
        feed=feeds.costs,
        full_every=None,
        lane=SLOW,
        after=("erp.products",),
        contract=(CostRecord,),
        mapping="integrations.connectors.tryton.mapping.cost",
        writes=("pricing.ItemCost",),
        steward=SALES_MANAGER,
        alert=AlertRule(hours(8), 5, 100),
        tests=TESTS,
        playbook="costs",
        criteria=("category",),
        phase=2,
        feature="quotes",
    ),
)
