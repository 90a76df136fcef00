"""What a company asks of those who act for it when they sign in, and the end of sessions."""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from accounts.queries.companies import require_below
from accounts.scope import Scope
from accounts.second_factors import has_second_factor
from accounts.states import Right
from core import audit, outbox, ownership
from core.actor import Actor, action
from core.errors import WrongState


@transaction.atomic
def require_second_factor(scope: Scope, is_required: bool, *, has_shown: bool = False, by: Actor) -> Company:
    """Let everybody who acts for the company, or one below it, need a second factor from the next request on.

    has_shown: whether the session counts as one with a second factor, as a provider has vouched.
    Raises NotAllowed without the right to manage people, there and below, WrongState for who asks it of everybody and has none:
    he or she would be shut out at once, and could not take it back. Records `company.second_factor_required`.
    """
    ownership.check(by, "accounts.Company", ["requires_second_factor"])
    require_below(scope, Right.MANAGE_PEOPLE)
    company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=scope.company_id or 0)
    if company.requires_second_factor == is_required:
        return company
    if is_required and not has_shown and not has_second_factor(User(pk=by.user_id)):
        raise WrongState(_("Set up your own second factor first: else you would be shut out yourself."))

    company.requires_second_factor = is_required
    company.save(update_fields=["requires_second_factor"])
    outbox.record(
        "company.second_factor_required",
        subject=f"company:{company.number}",
        payload={"is_required": is_required},
        by=by,
        company=company.number,
    )
    return company


@action
def ask_new_password(user: User, *, by: Actor) -> None:
    """Let somebody have the mail by which a new password is chosen. Records `password.forgotten`.

    The worker sends it: an answer that waits for a mail server, or fails with it, tells who is known here.
    """
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    outbox.record(
        "password.forgotten",
        subject=f"user:{user.pk}",
        payload={
            "user": user.pk,
            "person": {"name": str(user), "email": user.email, "locale": user.locale},
        },
        by=by,
    )


@action
def end_sessions_of(user: User, *, by: Actor) -> User:
    """End every session of a person at its next request; the caller may renew the own one with what is returned."""
    User.objects.filter(pk=user.pk).update(sign_in_round=F("sign_in_round") + 1)
    user.refresh_from_db(fields=["sign_in_round"])
    audit.log("sessions.ended", by=by, about=f"user:{user.pk}")
    return user
