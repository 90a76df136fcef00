"""Letting somebody decide on approvals during one's absence (APR-09)."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Delegation
from accounts.queries.lines import line_of
from accounts.queries.members import members_in
from accounts.scope import Scope
from accounts.seats import seats_of
from core import outbox
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, NotFound


@action
def delegate_approvals(
    scope: Scope, to: int, valid_from: datetime, valid_until: datetime, *, by: Actor, reason: str = ""
) -> Delegation:
    """Let a colleague decide in one's place in the acting company, from one moment until another.

    to: id of a member there or above. It lends the own seat alone: what one was lent oneself is not passed on, and
    orders of either of the two are decided by others. Records `delegation.made`. Raises NotAllowed without a seat
    of one's own, InvalidValue.
    """
    if scope.company_id is None or scope.user_id is None or scope.user_id != by.user_id:
        raise NotAllowed(_("Only the person who is absent can name who decides instead."), right="approve")
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=scope.company_id)
    if not any(seat.instead_of is None for seat in seats_of(company.pk, scope.user_id)):
        raise NotAllowed(_("You do not approve orders of this company yourself."), right="approve")
    if valid_until <= max(valid_from, timezone.now()):
        raise InvalidValue(_("It ends after it begins, and not in the past."), field="valid_until")
    if to == scope.user_id or not members_in(line_of(company.pk), {to}):
        raise InvalidValue(_("Choose a colleague of this company."), field="delegate")

    made = Delegation.objects.create(
        company=company,
        delegator_id=scope.user_id,
        delegate_id=to,
        valid_from=valid_from,
        valid_until=valid_until,
        reason=reason.strip()[:300],
    )
    _tell("delegation.made", made, by)
    return made


@action
def end_delegation(scope: Scope, key: int, *, by: Actor) -> None:
    """Take a delegation of one's own back before its time. Records `delegation.ended`. Raises NotFound."""
    Company.objects.select_for_update(of=("self",), no_key=True).filter(pk=scope.company_id or 0).first()
    rows = Delegation.objects.select_for_update(of=("self",), no_key=True)
    row = rows.filter(
        pk=key, delegator_id=scope.user_id or 0, company_id=scope.company_id or 0, ended_at=None
    ).first()
    if row is None:
        raise NotFound(_("There is no such delegation."))
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])
    _tell("delegation.ended", row, by)


def _tell(name: str, row: Delegation, by: Actor) -> None:
    outbox.record(
        name,
        subject=f"company:{row.company.number}",
        payload={
            "company": row.company.number,
            "delegator": row.delegator_id,
            "delegate": row.delegate_id,
            "valid_from": row.valid_from.isoformat(),
            "valid_until": row.valid_until.isoformat(),
        },
        by=by,
        company=row.company.number,
    )
