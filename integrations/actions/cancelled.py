"""What is left of a cancelled order on its way to the ERP."""

from django.utils.translation import gettext as _

from core.actor import Actor, action
from core.cases import settle_cases
from integrations.actions.deliveries import drop_buried
from integrations.processes.definitions import ORDER_SUBMISSION
from integrations.processes.engine import close_undone
from integrations.systems import ERP
from orders.actions.moves import hold_still

ORDER_KINDS = ("erp_refusal", "dead_letter", "undo_failed")


@action
def leave_cancelled(number: str, *, by: Actor) -> None:
    """Give up what was to be told of a cancelled order and close its cases: nothing is left to do there."""
    subject, reason = f"order:{number}", _("The order was cancelled.")
    hold_still(number)
    drop_buried(subject, ERP, by=by, reason=reason)
    close_undone(ORDER_SUBMISSION, subject, reason=reason, by=by)
    settle_cases(subject, by=by, reason=reason, kinds=ORDER_KINDS)
