"""Flows that the moment calls for: the ERP is asked when a buyer decides, and it tells us when something moves."""

from django.utils.translation import gettext_lazy as _

from accounts.records import ApprovalWordRecord, CreditRecord, CustomerRecord
from accounts.staff import SALES_MANAGER
from catalog.records import StockRecord
from integrations.flows.definition import AlertRule, Flow, minutes, seconds
from integrations.states import ConflictRule, Direction, Pattern
from integrations.systems import ERP
from orders.live import LivePrice, LiveQuestion
from orders.records import InvoiceRecord, OrderStatusRecord, ShipmentRecord
from pricing.records import PriceNews

MAPPING = "integrations.connectors.tryton.mapping"
TESTS = "tests/integrations/test_live_checks.py"

ASKED = (
    Flow(
        "erp.live-price",
        _("Price at the moment of the decision"),
        ERP,
        limit=seconds(3),
        kind="live_price",
        direction=Direction.ASK,
        pattern=Pattern.LIVE,
        full_every=None,
        destination="erp-prices",
        contract=(LiveQuestion, LivePrice),
        mapping="integrations.connectors.tryton.live.ask_prices",
        conflict=ConflictRule.TOLD,
        steward=SALES_MANAGER,
        alert=AlertRule(minutes(10), 20, 0),
        tests=TESTS,
        playbook="live",
        criteria=("company", "segment"),
    ),
    Flow(
        "erp.live-stock",
        _("Stock at the moment of the decision"),
        ERP,
        limit=seconds(3),
        kind="live_stock",
        direction=Direction.ASK,
        pattern=Pattern.LIVE,
        full_every=None,
        contract=(LiveQuestion, StockRecord),
        mapping=f"{MAPPING}.stock",
        writes=("catalog.StockLevel",),
        conflict=ConflictRule.TOLD,
        alert=AlertRule(minutes(10), 20, 0),
        tests=TESTS,
        playbook="live",
        criteria=("company", "segment"),
    ),
    Flow(
        "erp.live-credit",
        _("Credit at the moment of the decision"),
        ERP,
        limit=seconds(3),
        kind="live_credit",
        direction=Direction.ASK,
        pattern=Pattern.LIVE,
        full_every=None,
        contract=(LiveQuestion, CreditRecord, ApprovalWordRecord),
        mapping=f"{MAPPING}.credit",
        writes=("accounts.CreditAccount", "accounts.Company"),
        conflict=ConflictRule.TOLD,
        alert=AlertRule(minutes(10), 20, 0),
        tests=TESTS,
        playbook="live",
        criteria=("company", "segment"),
        phase=2,
    ),
    Flow(
        "erp.events",
        _("News that the ERP sends by itself"),
        ERP,
        limit=minutes(1),
        kind="events",
        direction=Direction.IN,
        pattern=Pattern.EVENT,
        full_every=None,
        contract=(
            OrderStatusRecord,
            ShipmentRecord,
            InvoiceRecord,
            CreditRecord,
            CustomerRecord,
            StockRecord,
            PriceNews,
        ),
        mapping="integrations.pushed.receive",
        conflict=ConflictRule.NEWER,
        alert=AlertRule(minutes(10), 5, 100),
        tests="tests/integrations/test_inbound.py",
        playbook="events",
    ),
)
