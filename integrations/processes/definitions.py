"""Which processes there are and of what steps: the one page that says it. A further step is one entry."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.tryton.writing.reserving import STOCK_PATIENCE
from integrations.processes import order_submission as order
from integrations.processes.steps import Definition, Step

ORDER_SUBMISSION = Definition(
    "order_submission",
    _("Order to the ERP"),
    (
        Step("check", _("Checked"), order.check),
        Step(
            "reserve",
            _("Reserved"),
            order.reserve,
            undo=order.release,
            needs=("check",),
            patience=STOCK_PATIENCE,
        ),
        Step("post", _("Posted"), order.post, undo=order.unpost, is_lasting=True, patience=STOCK_PATIENCE),
        Step("record", _("Recorded"), order.record, needs=("post",)),
    ),
    flow="erp.orders-out",
)

PROCESSES: dict[str, Definition] = {definition.kind: definition for definition in (ORDER_SUBMISSION,)}
