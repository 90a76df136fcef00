"""Whether a company may have what it orders, looked at when the order is placed."""

from collections.abc import Sequence

from django.utils import timezone

from accounts.models import Address
from accounts.scope import Scope
from orders.queries.restrictions import restricted
from orders.rules.lines import check_lines
from orders.rules.live import UNANSWERED, Decision
from orders.rules.restrictions import WantedLine
from orders.states import LiveKind, LiveRule, Situation


def check_eligible(
    scope: Scope,
    lines: Sequence[WantedLine],
    ship_to: Address,
    decisions: Sequence[Decision],
    *,
    without: int | None = None,
) -> list[Decision]:
    """Refuse what licences, quantity limits and regions forbid; belongs inside the order's transaction (ENT-07).

    decisions: on what the ERP was asked a moment ago. The answer holds the order for review over each
    product whose licence rests on the ERP's word while that cannot be had: it is never released silently
    (ENT-16). without: id of the order that is looked at again. Raises LinesRefused.
    """
    assert scope.company_id is not None  # noqa: S101 - an empty scope has no rights
    found = restricted(scope.company_id, scope.lineage, lines, [ship_to], is_ordering=True, without=without)
    check_lines(found.refusals)
    silent = [one for one in decisions if one.situation in UNANSWERED]
    return [
        Decision(
            kind=LiveKind.ELIGIBILITY,
            key=sku,
            situation=Situation.UNHEARD,
            rule=LiveRule.HOLD,
            policy=silent[0].policy if silent else 0,
            at=timezone.now(),
            why=silent[0].why if silent else "absent",
        )
        for sku in found.uncertain(is_silent=bool(silent))
    ]
