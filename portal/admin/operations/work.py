"""What the first page of the back office shows to operators: cases, dead letters, systems that are down."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.queries.companies import all_company_names
from accounts.staff import OPERATOR, is_in
from core.models import Case
from core.queries import CaseFilter, all_case_counts, all_cases
from integrations.monitoring import all_flow_health
from integrations.queries import all_delivery_counts, all_systems
from integrations.states import Light
from portal.admin.desk import Fact, Panel, Task
from portal.admin.operations.words import age_mark, kind_icon, kind_words
from portal.templatetags.accord import at, money

SHOWN = 8


def work_of(request: HttpRequest) -> tuple[list[Fact], list[Panel]]:
    """The operator's desk; nothing for whoever is none."""
    if not is_in(request.user, OPERATOR):  # type: ignore[arg-type]
        return [], []
    user_id = request.user.pk or 0
    counts = all_case_counts(user_id)
    return _facts(counts), [_cases(user_id, counts)]


def _facts(counts: dict[str, int]) -> list[Fact]:
    down = [system for system in all_systems() if system.down_since]
    deliveries = all_delivery_counts()
    red = [health for health in all_flow_health(timezone.now()) if health.light == Light.RED]
    return [
        Fact(
            _("Open cases"),
            str(counts["open"]),
            ngettext("%(count)s touches a promise", "%(count)s touch a promise", counts["promise"])
            % {"count": counts["promise"]},
        ),
        Fact(
            _("Waiting to leave"),
            str(deliveries["waiting"]),
            ngettext("%(count)s dead letter", "%(count)s dead letters", deliveries["dead"])
            % {"count": deliveries["dead"]},
        ),
        Fact(
            _("Other systems"),
            _("paused") if down else _("all answer"),
            _("%(system)s since %(time)s") % {"system": down[0].key.upper(), "time": at(down[0].down_since)}
            if down
            else "",
        ),
        Fact(
            _("Flows to act on"),
            str(len(red)),
            ", ".join(str(health.flow.label) for health in red[:2]),
        ),
    ]


def _cases(user_id: int, counts: dict[str, int]) -> Panel:
    cases = list(all_cases(CaseFilter(user_id=user_id))[:SHOWN])
    names = all_company_names(case.company_number for case in cases)
    return Panel(
        title=_("Cases"),
        tasks=[_task(case, names) for case in cases],
        total=counts["open"],
        href=reverse("admin:core_case_changelist"),
        empty=_("No case needs anybody"),
        empty_note=_("What is refused, undeliverable or not valid appears here."),
    )


def _task(case: Case, names: dict[str, str]) -> Task:
    limit = case.due_at - case.opened_at if case.due_at else None
    mark = age_mark(case.opened_at, limit, now=timezone.now())
    document = case.subject.partition(":")[2] or case.subject
    customer = names.get(case.company_number, case.company_number)
    return Task(
        kind=kind_words(case.kind),
        icon=kind_icon(case.kind),
        href=reverse("admin:core_case_page", args=[case.number]),
        title=case.cause,
        why=" · ".join(part for part in (document, customer, case.promise) if part),
        verb=_("Look"),
        amount=money(case.amount, case.currency) if case.amount is not None else "",
        until=_("for %(age)s") % {"age": mark.words},
        edge={"bad": "edge-bad", "warn": "edge"}.get(mark.tone, ""),
    )
