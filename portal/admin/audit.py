"""The audit log in the back office: read, followed to its cause, and taken out as evidence."""

import json
import tempfile
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from accounts.queries.people import all_names_of, all_staff_by_name
from core import audit
from core.errors import DomainError
from core.models import AuditEntry
from core.past import all_entries_of_cause, all_events_of_cause, all_of_cause, all_row_changes_of_cause
from integrations.evidence import export_evidence
from portal.admin.customers import EVERY, customers_for
from portal.admin.fed import FedAdmin
from portal.admin.history import MAY_SEE_CAUSE, ShownVersion, channel_words
from portal.admin.logged import Shown, concerning, named, shown_of
from portal.admin.pages import admin_page
from portal.admin.rights_changed import sentences_of
from portal.audit_words import ACTIONS, action_words
from portal.forms.evidence import EvidenceForm
from portal.middleware import status_of

MAY_EXPORT = "core.export_evidence"


class EntryList(ChangeList):
    """A page of the log with its names, in a fixed number of statements."""

    def get_results(self, request: HttpRequest) -> None:
        """The entries, each with what is `shown` of it."""
        super().get_results(request)
        entries = list(self.result_list)
        for entry, shown in zip(entries, shown_of(entries), strict=True):
            entry.shown = shown
        self.result_list = entries


class ActionFilter(admin.SimpleListFilter):
    """By what was done, in words."""

    title, parameter_name = _("action"), "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Everything that the log tells of."""
        names = {name: action_words(name) for name in {*ACTIONS, *audit.actions()}}
        return sorted(names.items(), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The entries of one action."""
        return queryset.filter(action=self.value()) if self.value() else queryset


class PersonFilter(admin.SimpleListFilter):
    """By a person who acted, was acted for, or whom it is about: the staff, and whoever was chosen in an entry."""

    title, parameter_name = _("person"), "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The staff by name, and the person chosen now."""
        chosen = request.GET.get(self.parameter_name, "")
        people = dict(all_staff_by_name())
        if chosen.isdigit() and len(chosen) < 10:
            people |= all_names_of([int(chosen)])
        return [(str(pk), name) for pk, name in people.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The entries of one person."""
        chosen = self.value() or ""
        return queryset.filter(concerning([int(chosen)])) if chosen.isdigit() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(FedAdmin):
    """Who did what that matters. Nobody changes or deletes it, here or in the database (SEC-09)."""

    customer = EVERY
    list_display = ("occurred_at", "who", "behalf", "way", "what", "about", "is_sealed", "cause")
    list_filter = (PersonFilter, ActionFilter, "channel", "occurred_at")
    search_fields = ("object_key", "company_number", "correlation_id", "actor_key", "on_behalf_of")
    search_help_text = _("Name or e-mail address of a person, name or number of a company, document, cause")
    ordering = ("-id",)
    hidden = ("id", "data")
    readonly_fields = ("what", "who", "behalf", "about", "content")
    list_before_template = "admin/accord/_evidence_link.html"

    def get_urls(self) -> list[URLPattern]:
        """The page of a cause, and of evidence."""
        view = self.admin_site.admin_view
        return [
            path("cause/<str:correlation>/", view(self.cause_view), name="core_auditentry_cause"),
            path("evidence/", view(self.evidence_view), name="core_auditentry_evidence"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list with the names of today: the log itself holds none."""
        return EntryList

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """What the columns hold, and the entries of the people and companies so named."""
        found, has_doubles = super().get_search_results(request, queryset, search_term)
        text = search_term.strip()
        return (found | queryset.filter(named(text)) if text else found), has_doubles

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """The entry in words, then its columns, then what it says."""
        words = (_("In words"), {"fields": ["what", "who", "behalf", "about"]})
        return [words, *super().get_fieldsets(request, obj), (_("What it says"), {"fields": ["content"]})]

    @admin.display(description=_("who"), ordering="user_id")
    def who(self, entry: AuditEntry) -> str:
        """The person by the name of today, or the machine."""
        return _shown(entry).who

    @admin.display(description=_("on behalf of"), ordering="on_behalf_of")
    def behalf(self, entry: AuditEntry) -> str | None:
        """The person and the company that were acted for, by name."""
        found = _shown(entry).behalf
        return None if found == "–" else found

    @admin.display(description=_("by way of"), ordering="channel")
    def way(self, entry: AuditEntry) -> str:
        """The channel in words."""
        return channel_words(entry.channel)

    @admin.display(description=_("what"), ordering="action")
    def what(self, entry: AuditEntry) -> str:
        """What was done, in words; of acting for a buyer also why."""
        shown = _shown(entry)
        if not shown.reason:
            return shown.what
        return format_html(
            '{}<br><span class="text-font-subtle-light dark:text-font-subtle-dark">{}</span>',
            shown.what,
            shown.reason,
        )

    @admin.display(description=_("about"), ordering="object_key")
    def about(self, entry: AuditEntry) -> str:
        """The thing, and the person concerned, with ways to their pages."""
        return _shown(entry).about

    @admin.display(description=_("sealed"), boolean=True)
    def is_sealed(self, entry: AuditEntry) -> bool:
        """Whether it is under a seal of the chain."""
        return entry.seal_id is not None

    @admin.display(description=_("cause"))
    def cause(self, entry: AuditEntry) -> str:
        """The way to all of the same cause."""
        page = reverse("admin:core_auditentry_cause", args=[entry.correlation_id])
        return format_html('<a href="{}">{}</a>', page, _("all of it"))

    @admin.display(description=_("data"))
    def content(self, entry: AuditEntry) -> str:
        """The data, indented."""
        return format_html(
            '<div class="ac"><pre class="ac-code">{}</pre></div>',
            json.dumps(entry.data, indent=2, ensure_ascii=False),
        )

    def cause_view(self, request: HttpRequest, correlation: str) -> HttpResponse:
        """All that one cause brought about."""
        if not customers_for(request).is_all:
            raise PermissionDenied
        near = request.GET.get("near", "")
        at = datetime.fromtimestamp(int(near), tz=UTC) if near.isdigit() and len(near) < 11 else None
        return cause_page(request, correlation, near=at)

    def evidence_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form for evidence; posted, the archive itself."""
        if not (request.user.has_perm(MAY_EXPORT) and customers_for(request).is_all):
            raise PermissionDenied
        form = EvidenceForm(request.POST or None)
        status = 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    return self._archive(request, form)
                except DomainError as error:
                    messages.error(request, str(error))
                    status = status_of(error)
        title = _gettext("Evidence")
        return admin_page(
            request, "admin/accord/evidence.html", title=title, context={"form": form}, status=status
        )

    def _archive(self, request: HttpRequest, form: EvidenceForm) -> FileResponse:
        file = tempfile.TemporaryFile()  # noqa: SIM115 -- the response closes it
        try:
            export_evidence(file, form.asked, by=request.actor)  # type: ignore[attr-defined]
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=form.asked.name)


def cause_page(request: HttpRequest, correlation: str, near: Any = None) -> HttpResponse:
    """All that one cause brought about: the log, the events, the versions of rows, the changes of rights."""
    if not request.user.has_perm(MAY_SEE_CAUSE):
        raise PermissionDenied
    entries, rights = all_entries_of_cause(correlation), all_row_changes_of_cause(correlation)
    context = {
        "correlation": correlation,
        "entries": list(zip(entries, shown_of(entries), strict=True)),
        "events": all_events_of_cause(correlation),
        "versions": [ShownVersion(one, with_cause=False) for one in all_of_cause(correlation, near=near)],
        "rights": list(zip(rights, sentences_of(rights), strict=True)),
    }
    return admin_page(request, "admin/accord/cause.html", title=_gettext("One cause"), context=context)


def _shown(entry: AuditEntry) -> Shown:
    shown: Shown | None = getattr(entry, "shown", None)
    return shown or shown_of([entry])[0]
