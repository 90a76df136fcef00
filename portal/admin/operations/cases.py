"""Cases: the one list of what needs a person, and the page on which one is mended."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.queries.companies import all_company_names
from accounts.queries.proposals import all_proposed
from core import queries
from core.cases import assign_case, ignore_case, note_case
from core.models import Case, CaseState
from integrations.playbooks import anchor_for, playbook
from integrations.queries import all_deliveries_of
from integrations.repairs import repair_case, repairs_for
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.operations.processes import shown_processes_of
from portal.admin.operations.story import evidence_of, story_of
from portal.admin.operations.words import AgeMark, age_mark, document_of, kind_icon, kind_words, page_of
from portal.admin.pages import admin_page

PER_PAGE = 50


@dataclass(frozen=True)
class CaseRow:
    """A case as a line of the list: what happened, whose promise, what it is worth, how old."""

    case: Case
    customer: str
    words: str
    icon: str
    age: AgeMark
    document: str
    page: str


def row_of(case: Case, names: dict[str, str]) -> CaseRow:
    """The line of a case; names: the customers' by number."""
    ends_at = case.closed_at or timezone.now()
    limit = case.due_at - case.opened_at if case.due_at else None
    return CaseRow(
        case=case,
        customer=names.get(case.company_number, case.company_number),
        words=kind_words(case.kind),
        icon=kind_icon(case.kind),
        age=age_mark(case.opened_at, limit, now=ends_at),
        document=document_of(case.subject),
        page=page_of(case.subject),
    )


@admin.register(Case)
class CaseAdmin(FedAdmin):
    """The queryset and permissions of the theme, pages of our own."""

    customer = EVERY
    search_fields = ("number", "subject", "cause", "company_number")

    def get_urls(self) -> list[URLPattern]:
        """The page of a case goes by its number."""
        own = [path("<str:number>/page/", self.admin_site.admin_view(self.case_view), name="core_case_page")]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The cases of a view, a page at a time."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = queries.CaseFilter(
            user_id=request.user.pk or 0,
            view=request.GET.get("view", "open"),
            kind=request.GET.get("kind", ""),
            text=request.GET.get("q", ""),
        )
        page = Paginator(queries.all_cases(wanted), PER_PAGE).get_page(request.GET.get("page"))
        names = all_company_names(case.company_number for case in page)
        context = {
            "wanted": wanted,
            "page": page,
            "rows": [row_of(case, names) for case in page],
            "counts": queries.all_case_counts(wanted.user_id),
            "kinds": [(kind, kind_words(kind)) for kind in queries.all_case_kinds()],
        }
        return admin_page(request, "admin/accord/operations/cases.html", title=_("Cases"), context=context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The theme's address of a case leads to its own page."""
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404
        if not self.has_view_permission(request, case):
            raise PermissionDenied
        return redirect("admin:core_case_page", case.number)

    def case_view(self, request: HttpRequest, number: str) -> HttpResponse:
        """One case: what went wrong, the evidence, what happened, the permitted repairs."""
        case = queries.all_case_by_number(number)
        if not self.has_view_permission(request, case):
            raise PermissionDenied
        if request.method == "POST":
            return self._act(request, case)
        may_act = request.user.has_perm("core.change_case") and case.state == CaseState.OPEN
        context = {
            "case": case,
            "row": row_of(case, all_company_names([case.company_number])),
            "story": story_of(case),
            "evidence": evidence_of(case.evidence),
            "proposed": all_proposed(case.subject),
            "sent": all_deliveries_of(case.subject),
            "processes": shown_processes_of(case.subject)[:1],
            "before": queries.all_cases_before(case),
            "repairs": repairs_for(case) if may_act else [],
            "playbook": playbook(anchor_for(case.kind, case.subject)),
            "may_act": may_act,
            "is_mine": case.owner_id == request.user.pk,
        }
        return admin_page(request, "admin/accord/operations/case.html", title=case.number, context=context)

    def _act(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Do what a button of the page says; a refusal comes back as a message."""
        if not request.user.has_perm("core.change_case"):
            raise PermissionDenied
        by, reason = request.actor, request.POST.get("reason", "")  # type: ignore[attr-defined]
        match request.POST.get("do", ""):
            case "repair":
                done = repair_case(case, request.POST.get("repair", ""), reason=reason, by=by)
            case "take":
                assign_case(case, to=request.user.pk, by=by)
                done = _("The case is yours.")
            case "release":
                assign_case(case, to=None, by=by)
                done = _("The case is nobody's again.")
            case "note":
                note_case(case, text=reason, by=by)
                done = _("Noted.")
            case "ignore":
                ignore_case(case, reason=reason, by=by)
                done = _("The case is left as it is; your reason is kept.")
            case _:
                raise Http404
        messages.success(request, done)
        return redirect(reverse("admin:core_case_page", args=[case.number]))
