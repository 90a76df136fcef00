"""Repairs by kind of case: what an operator may do, what it brings about, and what it will not do.

A repair is an action with a reason; the reason stays with the case. Most cases then close by
themselves, when what was wrong is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.proposing import KINDS as PROPOSALS
from accounts.actions.proposing import give_up_proposal
from accounts.actions.releases import decline_proposal, release_proposal
from accounts.models.proposal import Proposal
from accounts.proposals import UNRELEASED
from core import audit
from core.actor import Actor, action
from core.cases import note_case, settle_cases
from core.errors import InvalidValue, WrongState
from core.models import Case, CaseState
from integrations import inbox
from integrations.actions.deliveries import drop_delivery, replay_delivery
from integrations.actions.flows import ask_for_run
from integrations.actions.identifiers import KINDS, Known, merge_identifiers, rename_identifier
from integrations.actions.inbox.stuck import put_back
from integrations.actions.merging import DUPLICATE, merge_companies
from integrations.actions.processes import settle_undoing
from integrations.dispatch import DESTINATIONS
from integrations.failures import failure_from
from integrations.identifiers import all_key_of
from integrations.models import Delivery, InboxMessage
from integrations.processes.definitions import ORDER_SUBMISSION
from integrations.processes.engine import left_to_undo
from integrations.processes.queries import all_process_under_way
from integrations.queries import all_buried_of
from integrations.states import ProcessState
from integrations.systems import ERP, Message
from orders.actions.cancel import cancel_order
from orders.actions.erp import resend_order
from orders.actions.moves import hold_still
from orders.actions.review import REVIEW, release_order
from orders.queries.orders import all_order_by_number

# The flows whose rows are things with an identifier, and of which kind.
IDENTIFIED = {named.flow: kind for kind, named in KINDS.items()}
ORDER_KINDS = ("erp_refusal", "dead_letter", REVIEW)


@dataclass(frozen=True)
class Repair:
    """One choice on the page of a case. refusal: why it is not possible now, "" when it is."""

    key: str
    title: str
    consequence: str
    refusal: str = ""


@dataclass(frozen=True)
class Mend:
    """How one repair of a kind is done: apply does it and tells what was done."""

    title: Any
    consequence: Any
    apply: Callable[[Case, str, Actor], str]
    is_for: Callable[[Case], bool] = lambda case: True


def repairs_for(case: Case) -> list[Repair]:
    """The repairs that a case of this kind permits; none when only its owner's system can mend it."""
    mends = MENDS.get(case.kind, {})
    return [
        Repair(key, str(mend.title), str(mend.consequence))
        for key, mend in mends.items()
        if mend.is_for(case)
    ]


@action
def repair_case(case: Case, key: str, *, reason: str, by: Actor) -> str:
    """Do a repair and keep the reason with the case; tell in a sentence what was done.

    Raises WrongState for a settled case, InvalidValue for a repair this case does not permit or
    a missing reason, and whatever the repair's own action refuses.
    """
    if _is_order(case):
        # As whoever gives a message up does: the order, then its case.
        hold_still(_number(case))
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
    if case.state != CaseState.OPEN:
        raise WrongState(_("This case is already settled."), case=case.number)
    mend = MENDS.get(case.kind, {}).get(key)
    if mend is None or not mend.is_for(case):
        raise InvalidValue(_("Choose one of the permitted repairs."), field="repair")

    note_case(case, by=by, text=reason, kind="repaired")
    audit.log(
        "case.repaired",
        by=by,
        about=f"case:{case.number}",
        company=case.company_number,
        data={"repair": key, "kind": case.kind, "subject": case.subject},
    )
    return mend.apply(case, reason, by)


def _number(case: Case) -> str:
    return case.subject.partition(":")[2]


def _is_order(case: Case) -> bool:
    return case.subject.startswith("order:")


def _buried(case: Case) -> list[Delivery]:
    return list(all_buried_of(case.subject))


def _resend_order(case: Case, reason: str, by: Actor) -> str:
    # The refused message stands before any newer one of this order until it is given up.
    for delivery in _buried(case):
        if delivery.destination == ERP:
            drop_delivery(delivery, by=by, reason=reason)
    order = resend_order(_number(case), by=by, reason=reason)
    return _("Order %(number)s is on its way to the ERP again, with its data as they are now.") % {
        "number": order.number
    }


def _release_order(case: Case, reason: str, by: Actor) -> str:
    order = release_order(_number(case), by=by, reason=reason)
    return _("Order %(number)s is on its way to the ERP.") % {"number": order.number}


def _cancel_order(case: Case, reason: str, by: Actor) -> str:
    for delivery in _buried(case):
        drop_delivery(delivery, by=by, reason=reason)
    order = cancel_order(all_order_by_number(_number(case)), by=by, reason=reason)
    settle_cases(case.subject, by=by, reason=_("The order was cancelled."), kinds=ORDER_KINDS)
    return _("Order %(number)s is cancelled; the buyer is told.") % {"number": order.number}


def _retry(case: Case, reason: str, by: Actor) -> str:
    for delivery in _buried(case):
        replay_delivery(delivery, by=by, reason=reason)
    if case.kind == "mail_undelivered":
        # Nobody reports that a mail got through; another failure opens a new case.
        settle_cases(case.subject, by=by, reason=_("Sent again."), kinds=(case.kind,))
    return _("Tried again at once; this case closes by itself when it gets through.")


def _drop(case: Case, reason: str, by: Actor) -> str:
    for delivery in _buried(case):
        drop_delivery(delivery, by=by, reason=reason)
    settle_cases(
        case.subject, by=by, reason=_("Given up: %(reason)s") % {"reason": reason}, kinds=(case.kind,)
    )
    return _("The message is given up; newer ones of this document go on.")


def _give_up_proposal(case: Case, reason: str, by: Actor) -> str:
    told = _drop(case, reason, by)
    give_up_proposal(case.subject, _("It could not be taken over: %(reason)s") % {"reason": reason}, by=by)
    return told


def _release_proposal(case: Case, reason: str, by: Actor) -> str:
    proposal = release_proposal(_proposal_of(case), by=by)
    return _("It is on its way to the ERP; %(person)s is told.") % {"person": proposal.proposed_by}


def _decline_proposal(case: Case, reason: str, by: Actor) -> str:
    proposal = decline_proposal(_proposal_of(case), reason, by=by)
    return _("It is declined; %(person)s reads your reason.") % {"person": proposal.proposed_by}


def _proposal_of(case: Case) -> Proposal:
    name, _colon, pk = case.subject.partition(":")
    return PROPOSALS[name]._default_manager.get(pk=pk)


def _settle_undo(case: Case, reason: str, by: Actor) -> str:
    """End the process as undone; what it had failed with becomes the order's case again."""
    process = all_process_under_way(ORDER_SUBMISSION.kind, case.subject)
    if process is None or process.state != ProcessState.WAITING:
        raise WrongState(_("It is being undone right now: see how that ends first."), case=case.number)
    first = failure_from(process.failure)
    settle_undoing(process, left=left_to_undo(ORDER_SUBMISSION, process), by=by, reason=reason)
    settle_cases(
        case.subject, by=by, reason=_("Settled by hand: %(reason)s") % {"reason": reason}, kinds=(case.kind,)
    )
    for delivery in _buried(case):
        if delivery.event.name == "order.cancelled":
            drop_delivery(delivery, by=by, reason=reason)
        elif delivery.destination == ERP:
            DESTINATIONS[ERP].bury(Message.of(delivery.event, delivery.attempts), first)
    return _("What was left in the ERP counts as taken back by hand.")


def _is_still_wanted(case: Case) -> bool:
    return case.evidence.get("event") != "order.cancelled"


def _is_too_late(case: Case) -> bool:
    """Whether a cancellation came when the ERP was already at work: nothing is left to send."""
    return case.evidence.get("code") == "already_processing"


def _run_flow(case: Case, reason: str, by: Actor) -> str:
    flow = case.subject.split(":")[1]
    # A row that was read before and has not moved since comes only when everything is compared.
    ask_for_run(flow, is_full=case.kind in ("row_rejected", "rows_rejected"))
    return _("The flow %(flow)s runs in the next seconds; a good row closes this case.") % {"flow": flow}


def _take_again(case: Case, reason: str, by: Actor) -> str:
    if case.subject.startswith("inbox:"):
        return _take_all_again(case, by)
    message = InboxMessage.objects.get(pk=case.evidence["inbox"])
    outcome = inbox.take_again(message)
    if outcome in ("parked", "quarantined"):
        message.refresh_from_db()
        return _("Not taken in again: %(reason)s") % {"reason": message.reason}
    settle_cases(case.subject, by=by, reason=_("It was taken in."), kinds=(case.kind,))
    return _("The message is taken in.")


def _take_all_again(case: Case, by: Actor) -> str:
    count = put_back(case.system, case.evidence["kind"], case.evidence["state"])
    # What is not taken in opens it anew.
    settle_cases(case.subject, by=by, reason=_("They are taken in again."), kinds=(case.kind,))
    return _("%(count)s messages are taken in again in the next seconds.") % {"count": count}


def _names_another(case: Case) -> bool:
    """Whether a row was refused because its id stands for another of our things (INT-07)."""
    return case.evidence.get("field") == "erp_id" and case.evidence.get("flow") in IDENTIFIED


def _named_before(case: Case) -> Known:
    kind = IDENTIFIED[case.evidence["flow"]]
    return Known(ERP, kind, all_key_of(ERP, kind, case.evidence["row"]["id"]))


def _rename(case: Case, reason: str, by: Actor) -> str:
    known, now = _named_before(case), case.evidence["key"]
    rename_identifier(known, now, reason=reason, by=by)
    ask_for_run(case.evidence["flow"], is_full=True)
    return _("%(old)s is %(new)s from now on.") % {"old": known.key, "new": now}


def _merge_customers(case: Case, old: str, new: str, reason: str, by: Actor) -> str:
    """Merge the two of a case; only the steward of customers may."""
    kept = merge_companies(case.evidence[old], case.evidence[new], reason=reason, by=by)
    return _("%(number)s is one customer now.") % {"number": kept.number}


def _merge(case: Case, reason: str, by: Actor) -> str:
    known, now = _named_before(case), case.evidence["key"]
    merge_identifiers(known, now, reason=reason, by=by)
    ask_for_run(case.evidence["flow"], is_full=True)
    return _("What names %(old)s lands on %(new)s from now on.") % {"old": known.key, "new": now}


RETRY = Mend(
    gettext_lazy("Try again"),
    gettext_lazy(
        "Sends the same message once more, at once. Nothing is sent twice: the receiver knows its key."
    ),
    _retry,
)
DROP = Mend(
    gettext_lazy("Give this message up"),
    gettext_lazy("It is never sent. Newer messages about the same document go on."),
    _drop,
    # An order is cancelled with the buyer told, never silently forgotten.
    is_for=lambda case: not _is_order(case) or case.kind == "mail_undelivered" or _is_too_late(case),
)
CANCEL = Mend(
    gettext_lazy("Cancel the order and tell the buyer"),
    gettext_lazy(
        "Frees stock and credit. If the ERP already has the order, it is cancelled there. "
        "The buyer reads your reason on the order's page."
    ),
    _cancel_order,
    is_for=lambda case: _is_order(case) and not _is_too_late(case),
)
CANCEL_HELD = replace(CANCEL, is_for=_is_still_wanted)
RUN = Mend(
    gettext_lazy("Read it again now"),
    gettext_lazy(
        "Asks the other system once more instead of waiting for the next turn. Changes nothing there."
    ),
    _run_flow,
)
TAKE_AGAIN = Mend(
    gettext_lazy("Take the message in again"),
    gettext_lazy("After what was wrong is mended. What came later about the same thing stays in force."),
    _take_again,
)
RELEASE = Mend(
    gettext_lazy("Let the order go to the ERP"),
    gettext_lazy("As it was placed, at the price that the buyer saw. The ERP checks the credit once more."),
    _release_order,
    is_for=lambda case: not _is_too_late(case),
)
UNDO = Mend(
    gettext_lazy("Try to undo it again"),
    gettext_lazy(
        "Asks the ERP what of the order still stands there and takes it back. Do what is in the way there first."
    ),
    _retry,
)
SETTLE = Mend(
    gettext_lazy("Settled by hand"),
    gettext_lazy(
        "You have seen to it in the ERP, or what stands there may stay. Nothing more is asked of the ERP; "
        "an order that was refused can then be sent again or cancelled."
    ),
    _settle_undo,
)
PROPOSAL = {
    "retry": replace(
        RETRY,
        consequence=gettext_lazy(
            "Sends the same proposal once more, after the ERP's side is mended. The buyer sees that it is under way again."
        ),
    ),
    "drop": replace(
        DROP,
        title=gettext_lazy("Give the proposal up and tell the buyer"),
        consequence=gettext_lazy(
            "It is never sent. The buyer reads your reason beside the proposal, and can propose another."
        ),
        apply=_give_up_proposal,
        is_for=lambda case: True,
    ),
}
RELEASES = {
    "release": Mend(
        gettext_lazy("Release it for the company"),
        gettext_lazy(
            "After somebody of the company has said so. It goes to the ERP, and who proposed it is told by mail."
        ),
        _release_proposal,
    ),
    "decline": Mend(
        gettext_lazy("Decline it and tell the buyer"),
        gettext_lazy("Nothing is sent. The buyer reads your reason beside the proposal, and by mail."),
        _decline_proposal,
    ),
}
MENDS: dict[str, dict[str, Mend]] = {
    REVIEW: {"release": RELEASE, "cancel": CANCEL},
    "erp_refusal": {
        "resend": Mend(
            gettext_lazy("Resend with current data"),
            gettext_lazy("After the ERP's side is mended. Does not change prices, lines or the limit there."),
            _resend_order,
            is_for=lambda case: not _is_too_late(case),
        ),
        "cancel": CANCEL,
        "drop": DROP,
    },
    "dead_letter": {"retry": RETRY, "cancel": CANCEL, "drop": DROP},
    "undo_failed": {"undo": UNDO, "settle": SETTLE, "cancel": CANCEL_HELD},
    "mail_undelivered": {"retry": RETRY, "drop": DROP},
    "orphan": {"take": TAKE_AGAIN},
    "quarantined": {"take": TAKE_AGAIN},
    "row_rejected": {
        "rename": Mend(
            gettext_lazy("It is the same thing under a new number"),
            gettext_lazy(
                "Gives ours the number that the ERP has given it. Documents, people and prices stay with it; "
                "what still names the old number lands on it."
            ),
            _rename,
            is_for=_names_another,
        ),
        "merge": Mend(
            gettext_lazy("The ERP has merged the two"),
            gettext_lazy("What names the old one lands on the new one from now on. Both stay here."),
            _merge,
            is_for=_names_another,
        ),
        "run": RUN,
    },
    DUPLICATE: {
        "into_one": Mend(
            gettext_lazy("They are one: keep the first"),
            gettext_lazy(
                "People, carts, orders, quotes and invoices of the second move to the first; its number and ids still "
                "lead there. It cannot be taken back."
            ),
            lambda case, reason, by: _merge_customers(case, "other", "one", reason, by),
        ),
        "into_other": Mend(
            gettext_lazy("They are one: keep the second"),
            gettext_lazy(
                "People, carts, orders, quotes and invoices of the first move to the second; its number and ids still "
                "lead there. It cannot be taken back."
            ),
            lambda case, reason, by: _merge_customers(case, "one", "other", reason, by),
        ),
    },
    "address_refused": PROPOSAL,
    "contact_refused": PROPOSAL,
    UNRELEASED: RELEASES,
    "rows_rejected": {"run": RUN},
    "flow_broken": {"run": RUN},
}
