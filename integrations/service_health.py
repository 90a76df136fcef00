"""How the business services are: the worst of their flows, and what buyers notice of it (INT-05)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.staff import names_by_role
from core.models import Case, CaseState
from integrations.lights import WORST
from integrations.monitoring import FlowHealth
from integrations.register import FLOW_ERRORS, SERVICES, Service
from integrations.states import Light
from quotes.models import Quote
from quotes.states import QuoteStatus


@dataclass(frozen=True)
class ServiceHealth:
    """How a business service is now: the worst colour of what it is measured by, its open cases, its owners.

    figures: what it is measured by besides its flows, in words.
    """

    service: Service
    light: Light
    flows: tuple[FlowHealth, ...]
    open_cases: int
    owners: tuple[str, ...]
    figures: str = ""


def all_service_health(found: list[FlowHealth], now: datetime) -> list[ServiceHealth]:
    """The business services with health, figures and owners (INT-53). Five statements."""
    by_name = {health.flow.name: health for health in found}
    cases = dict(
        Case.objects.filter(state=CaseState.OPEN).values_list("kind").annotate(count=Count("id")).order_by()
    )
    flow_cases = _flow_cases()
    staff = names_by_role({service.owner for service in SERVICES})
    return [_service(service, by_name, cases, flow_cases, staff, now) for service in SERVICES]


def _flow_cases() -> Counter[str]:
    """Open cases of flows and of their rows, by flow."""
    rows = Case.objects.filter(state=CaseState.OPEN).filter(
        Q(subject__startswith="flow:") | Q(subject__startswith="row:")
    )
    return Counter(subject.split(":")[1] for subject in rows.values_list("subject", flat=True))


def _service(
    service: Service,
    by_name: Mapping[str, FlowHealth],
    cases: Mapping[str, int],
    flow_cases: Counter[str],
    staff: Mapping[str, list[str]],
    now: datetime,
) -> ServiceHealth:
    flows = tuple(by_name[name] for name in service.flows)
    lights = [health.light for health in flows if health.light != Light.OFF]
    light = min(lights, key=WORST.__getitem__, default=Light.OFF if flows else Light.GREEN)
    own = sum(cases.get(kind, 0) for kind in service.errors if kind not in FLOW_ERRORS)
    count = own + sum(flow_cases[name] for name in service.flows)
    figures = ""
    if service.key == "exception-handling":
        count = sum(cases.values())
        late = Case.objects.filter(state=CaseState.OPEN, owner=None, due_at__lt=now).count()
        light = Light.AMBER if late else Light.GREEN
        figures = _("%(late)s of %(count)s open cases are past their time and nobody's") % {
            "late": late,
            "count": count,
        }
    elif service.key == "quote-approval":
        waiting = Quote.objects.filter(status=QuoteStatus.IN_APPROVAL).count()
        figures = _("%(count)s quotes wait for a decision") % {"count": waiting}
    return ServiceHealth(service, Light(light), flows, count, tuple(staff.get(service.owner, [])), figures)
