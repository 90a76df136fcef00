"""What is left of a cancelled order on its way to the ERP."""

from django.db import transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.cases import settle_cases
from integrations.actions.deliveries import drop_buried
from integrations.systems import ERP

ORDER_KINDS = ("erp_refusal", "dead_letter")


@transaction.atomic
def leave_cancelled(number: str, *, by: Actor) -> None:
    """Give up the dead letters of a cancelled order and close their cases: nothing is left to tell."""
    subject, reason = f"order:{number}", _("The order was cancelled.")
    drop_buried(subject, ERP, by=by, reason=reason)
    settle_cases(subject, by=by, reason=reason, kinds=ORDER_KINDS)
