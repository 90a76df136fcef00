"""What people decide about messages that did not get through: tried again, or given up, with a reason."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.proposing import KINDS as PROPOSALS
from accounts.actions.proposing import give_up_proposal
from core import audit
from core.actor import Actor, action
from core.cases import settle_cases
from core.errors import InvalidValue
from core.states import check_move
from integrations.models import Delivery, DeliveryAttempt
from integrations.states import DELIVERY_NEXT, DeliveryState

# The cases that end with the message about a proposal.
REFUSED = ("address_refused", "contact_refused")


@action
def replay_delivery(delivery: Delivery, *, by: Actor, reason: str) -> Delivery:
    """Try a dead letter again, now, counting anew; who and why stay with its attempts (INT-39)."""
    row = _locked(delivery)
    _need_reason(reason)
    check_move(DELIVERY_NEXT, row.state, DeliveryState.WAITING)
    row.state = DeliveryState.WAITING
    row.attempts = 0
    row.next_try_at = timezone.now()
    row.buried_at = None
    row.error_class = ""
    row.save(update_fields=["state", "attempts", "next_try_at", "buried_at", "error_class"])
    row.tries.filter(outcome="lost").update(outcome="lost before")
    _note(row, "replayed", by, reason)
    return row


@action
def drop_delivery(delivery: Delivery, *, by: Actor, reason: str) -> Delivery:
    """Give a message up for good; those behind it go on. Who and why stay with its attempts."""
    row = _locked(delivery)
    _need_reason(reason)
    check_move(DELIVERY_NEXT, row.state, DeliveryState.DROPPED)
    row.state = DeliveryState.DROPPED
    row.save(update_fields=["state"])
    _note(row, "dropped", by, reason)
    if row.subject.partition(":")[0] in PROPOSALS:
        words = _("It could not be taken over. Please call us, or propose it anew.")
        give_up_proposal(row.subject, words, by=by)
        settle_cases(row.subject, by=by, reason=_("Given up: %(reason)s") % {"reason": reason}, kinds=REFUSED)
    return row


@action
def drop_buried(subject: str, destination: str, *, by: Actor, reason: str) -> int:
    """Give up the dead letters about a document to a destination, when nothing is left to tell."""
    buried = Delivery.objects.filter(subject=subject, destination=destination, state=DeliveryState.BURIED)
    return len([drop_delivery(row, by=by, reason=reason) for row in buried.order_by("pk")])


def _locked(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_for_update(of=("self",), no_key=True).get(pk=delivery.pk)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is kept with the message."), field="reason")


def _note(delivery: Delivery, outcome: str, by: Actor, reason: str) -> None:
    audit.log(
        f"delivery.{outcome}",
        by=by,
        about=f"delivery:{delivery.pk}",
        data={"destination": delivery.destination},
    )
    now = timezone.now()
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=0,
        started_at=now,
        ended_at=now,
        outcome=outcome,
        error=reason[:500],
        worker=by.label[:60],
    )
