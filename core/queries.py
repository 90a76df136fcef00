"""Reads of core: cases and the events behind them, for the people who mend things."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.errors import NotFound
from core.models import Case, CaseState, CaseStep, Conflict, Event, Severity

# The views of the case list: which cases, for whom.
VIEWS: dict[str, Callable[[int], Q]] = {
    "open": lambda user_id: Q(state=CaseState.OPEN),
    "promise": lambda user_id: Q(state=CaseState.OPEN) & ~Q(severity=Severity.NONE),
    "mine": lambda user_id: Q(state=CaseState.OPEN, owner_id=user_id),
    "unassigned": lambda user_id: Q(state=CaseState.OPEN, owner=None),
    "settled": lambda user_id: ~Q(state=CaseState.OPEN),
}


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to list. user_id: whose are "mine". text: number, subject, cause or customer."""

    user_id: int
    view: str = "open"
    kind: str = ""
    text: str = ""


def all_cases(wanted: CaseFilter) -> QuerySet[Case]:
    """The cases of a view: open ones by what they threaten, then by age; settled ones newest first."""
    view = wanted.view if wanted.view in VIEWS else "open"
    cases = Case.objects.filter(VIEWS[view](wanted.user_id)).select_related("owner")
    if wanted.kind:
        cases = cases.filter(kind=wanted.kind)
    if wanted.text:
        text = wanted.text.strip()
        cases = cases.filter(
            Q(number__iexact=text)
            | Q(subject__icontains=text)
            | Q(cause__icontains=text)
            | Q(company_number__iexact=text)
        )
    if view == "settled":
        return cases.order_by("-closed_at", "-id")
    # "at_risk" < "broken" < "none" by the alphabet: what is broken goes first by its own key.
    return cases.annotate(is_whole=~Q(severity=Severity.BROKEN)).order_by(
        "is_whole", "severity", F("due_at").asc(nulls_last=True), "id"
    )


def all_case_counts(user_id: int) -> dict[str, int]:
    """How many cases each view of open ones holds; one statement."""
    views = {name: view for name, view in VIEWS.items() if name != "settled"}
    return Case.objects.aggregate(
        **{name: Count("id", filter=condition(user_id)) for name, condition in views.items()}
    )


def all_case_kinds() -> list[str]:
    """The kinds that open cases have now, for the filter."""
    return list(
        Case.objects.filter(state=CaseState.OPEN).values_list("kind", flat=True).distinct().order_by("kind")
    )


def all_case_by_number(number: str) -> Case:
    """A case by its number. Raises NotFound."""
    case = Case.objects.filter(number=number).select_related("owner").first()
    if case is None:
        raise NotFound(_("There is no such case."))
    return case


def all_cases_of(subject: str, *, most: int = 20) -> list[Case]:
    """The cases of a document, open ones first, then the newest."""
    return list(
        Case.objects.filter(subject=subject).order_by(F("closed_at").desc(nulls_first=True), "-pk")[:most]
    )


def all_newest_causes(subjects: Iterable[str]) -> dict[str, str]:
    """What the newest case of each subject says went wrong, by subject."""
    rows = Case.objects.filter(subject__in=list(subjects)).order_by("id")
    return dict(rows.values_list("subject", "cause"))


def all_steps_of(case: Case) -> QuerySet[CaseStep]:
    """What was done on a case, oldest first."""
    return CaseStep.objects.filter(case=case)


def all_events_of(subject: str, *, most: int = 50) -> list[Event]:
    """The newest facts about a subject, newest first."""
    return list(Event.objects.filter(subject=subject).order_by("-sequence")[:most])


def all_cases_before(case: Case, *, most: int = 5) -> list[Case]:
    """Settled cases of the same kind and customer: how it was mended then."""
    before = Case.objects.filter(kind=case.kind, company_number=case.company_number)
    return list(before.exclude(pk=case.pk).exclude(state=CaseState.OPEN).order_by("-closed_at")[:most])


def all_use_of_forms() -> list[tuple[str, int, int]]:
    """How often each event was written in each version of its form: (event, version, times) (INT-15)."""
    rows = Event.objects.order_by("name", "version").values_list("name", "version")
    return [(name, version, times) for name, version, times in rows.annotate(times=Count("id"))]


def all_conflict_models() -> list[str]:
    """The kinds of record of which there are conflicts, as "app.Model"."""
    return list(Conflict.objects.order_by("model").values_list("model", flat=True).distinct())
