"""Beginning and ending to act for a buyer."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.assistance import LONGEST_MINUTES
from accounts.customers import check_meets, customers_of
from accounts.models import Assistance, Company, User
from accounts.queries.scopes import acting_as
from accounts.staff import SALES, SALES_MANAGER, is_in
from core import outbox, ownership
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, NotFound

SHORTEST_REASON = 5


@dataclass(frozen=True)
class Wish:
    """Whom somebody wants to act for, why, and for how many minutes."""

    principal_id: int
    reason: str
    minutes: int = 60


@transaction.atomic
def start_assistance(company: Company, wish: Wish, *, by: Actor) -> Assistance:
    """Begin to act for a buyer of one of the own customers (ACC-16).

    Raises NotFound for a company of others or a person who may not act there, NotAllowed for whoever is not
    of the sales staff, InvalidValue without a reason of a few letters or for a time that is too long. Records `assistance.started`.
    """
    ownership.check(by, "accounts.Assistance", ["reason"])
    user = User.objects.filter(pk=by.user_id or 0).first()
    if user is None or by.principal_id is not None or not is_in(user, SALES, SALES_MANAGER):
        raise NotAllowed(_("Only the sales staff acts for buyers."), right=SALES)
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    check_meets(user, company.pk)
    buyers = acting_as(wish.principal_id, company.pk)
    # Whoever acts here by a place above alone is somebody of that company, which must be an own customer as well.
    own = customers_of(user)
    if (
        buyers is None
        or buyers.membership.user.is_staff
        or not any(own.hold(member.company_id) for member in buyers.members)
    ):
        raise NotFound(_("There is no such person at this company."))
    if len(wish.reason.strip()) < SHORTEST_REASON:
        raise InvalidValue(_("Say why in a few words: the customer can read it."), field="reason")
    if not 1 <= wish.minutes <= LONGEST_MINUTES:
        raise InvalidValue(
            _("At most %(minutes)s minutes at a time.") % {"minutes": LONGEST_MINUTES}, field="minutes"
        )

    now = timezone.now()
    made = Assistance.objects.create(
        user=user,
        company=company,
        principal_id=wish.principal_id,
        reason=wish.reason.strip()[:300],
        started_at=now,
        ends_at=now + timedelta(minutes=wish.minutes),
    )
    _tell("assistance.started", made, by)
    return made


@transaction.atomic
def stop_assistance(assistance: Assistance, *, by: Actor) -> Assistance:
    """End acting for a buyer; what has ended stays as it is. Records `assistance.stopped`."""
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=assistance.company_id)
    assistance = Assistance.objects.select_for_update(of=("self",), no_key=True).get(pk=assistance.pk)
    if assistance.user_id != by.user_id:
        raise NotFound(_("There is nothing to stop."))
    if assistance.ended_at is not None:
        return assistance

    assistance.ended_at = timezone.now()
    assistance.save(update_fields=["ended_at"])
    _tell("assistance.stopped", assistance, by)
    return assistance


def _tell(name: str, assistance: Assistance, by: Actor) -> None:
    outbox.record(
        name,
        subject=f"company:{assistance.company.number}",
        payload={
            "assistance": assistance.pk,
            "user": assistance.user_id,
            "principal": assistance.principal_id,
            "reason": assistance.reason,
            "ends_at": assistance.ends_at.isoformat(),
        },
        by=by,
        company=assistance.company.number,
    )
