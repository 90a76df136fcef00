"""New versions of the quote policy; an old one is never changed, since approvals name it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import outbox
from core.actor import Actor, action
from core.errors import InvalidValue
from quotes.actions.steps import check_manager
from quotes.models import QuotePolicy


@dataclass(frozen=True)
class PolicyDraft:
    """Limits as wanted; an empty one does not ask. note: why it is changed."""

    max_discount_percent: Decimal | None
    min_margin_percent: Decimal | None
    max_net_amount: Decimal | None
    validity_days: int
    note: str = ""


@action
def make_policy(draft: PolicyDraft, *, by: Actor) -> QuotePolicy:
    """Put the next version of the policy in force from now on; documents in approval keep theirs.

    Raises NotAllowed for whoever is no sales manager, InvalidValue for a limit that cannot be.
    Records `quote_policy.changed`.
    """
    check_manager(by)
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE quotes_quotepolicy IN SHARE ROW EXCLUSIVE MODE")
    _check(draft)

    last = QuotePolicy.objects.aggregate(last=Max("version"))["last"] or 0
    policy = QuotePolicy.objects.create(version=last + 1, active_from=timezone.now(), **vars(draft))

    outbox.record(
        "quote_policy.changed",
        subject="quote_policy:current",
        payload={
            "version": policy.version,
            **{name: None if value is None else str(value) for name, value in vars(draft).items()},
        },
        by=by,
    )
    return policy


def _check(draft: PolicyDraft) -> None:
    for field in ("max_discount_percent", "min_margin_percent"):
        value = getattr(draft, field)
        if value is not None and not 0 <= value <= 100:
            raise InvalidValue(_("A limit in percent lies between 0 and 100."), field=field)
    if draft.max_net_amount is not None and draft.max_net_amount < 0:
        raise InvalidValue(_("A limit of the value is 0 or more."), field="max_net_amount")
    if draft.validity_days < 1:
        raise InvalidValue(_("An offer is valid for a day at least."), field="validity_days")
