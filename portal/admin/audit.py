"""The audit log in the back office: read, followed to its cause, and taken out as evidence."""

import json
import tempfile
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from accounts.queries.people import name_of
from core.errors import DomainError
from core.models import AuditEntry, RowChange
from integrations.evidence import export_evidence
from portal.admin.customers import EVERY, customers_for
from portal.admin.fed import FedAdmin
from portal.admin.history import cause_page, channel_words
from portal.admin.pages import admin_page
from portal.forms.evidence import EvidenceForm
from portal.middleware import status_of

MAY_EXPORT = "core.export_evidence"


@admin.register(AuditEntry)
class AuditEntryAdmin(FedAdmin):
    """Who did what that matters. Nobody changes or deletes it, here or in the database (SEC-09)."""

    customer = EVERY
    list_display = (
        "occurred_at",
        "who",
        "behalf",
        "way",
        "action",
        "about",
        "company_number",
        "is_sealed",
        "cause",
    )
    list_filter = ("action", "channel", "occurred_at")
    search_fields = ("object_key", "company_number", "correlation_id", "actor_key", "on_behalf_of")
    ordering = ("-id",)
    hidden = ("id", "data")
    readonly_fields = ("content",)
    list_before_template = "admin/accord/_evidence_link.html"

    def get_urls(self) -> list[URLPattern]:
        """The page of a cause, and of evidence."""
        view = self.admin_site.admin_view
        return [
            path("cause/<str:correlation>/", view(self.cause_view), name="core_auditentry_cause"),
            path("evidence/", view(self.evidence_view), name="core_auditentry_evidence"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """The entries, with the names of their people of today: the log itself holds none."""
        found: QuerySet[AuditEntry] = super().get_queryset(request).annotate(person=name_of("user_id"))
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """The columns, then what the entry says."""
        return [*super().get_fieldsets(request, obj), (_("What it says"), {"fields": ["content"]})]

    @admin.display(description=_("who"), ordering="user_id")
    def who(self, entry: AuditEntry) -> str:
        """The person by the name of today, or the machine."""
        name = getattr(entry, "person", None)
        return name or (_numbered(entry.user_id) if entry.user_id else channel_words(entry.actor_key))

    @admin.display(description=_("on behalf of"), ordering="on_behalf_of")
    def behalf(self, entry: AuditEntry) -> str:
        """The company, or the person, that was acted for."""
        kind, _colon, key = entry.on_behalf_of.partition(":")
        return _numbered(key) if kind == "user" else entry.on_behalf_of or "–"

    @admin.display(description=_("by way of"), ordering="channel")
    def way(self, entry: AuditEntry) -> str:
        """The channel in words."""
        return channel_words(entry.channel)

    @admin.display(description=_("about"))
    def about(self, entry: AuditEntry) -> str:
        """The thing; a person with a way to his or her page."""
        if entry.object_kind == "user" and entry.object_key.isdigit():
            return _numbered(entry.object_key)
        return f"{entry.object_kind} {entry.object_key}".strip() or "–"

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


def _numbered(user_id: Any) -> str:
    """A person by number, with the way to the page that says who it is."""
    page = reverse("admin:accounts_user_change", args=[user_id])
    return format_html('<a href="{}">{}</a>', page, _gettext("person %(id)s") % {"id": user_id})


@admin.register(RowChange)
class RowChangeAdmin(FedAdmin):
    """Changes of groups, of who is in which, and of the rights of roles."""

    customer = EVERY
    list_display = (
        "at",
        "table_name",
        "row_key",
        "kind",
        "actor_label",
        "on_behalf_of",
        "way",
        "before",
        "after",
    )
    list_filter = ("table_name", "kind", "at")
    search_fields = ("actor_label", "correlation_id")
    ordering = ("-id",)

    @admin.display(description=_("by way of"), ordering="channel")
    def way(self, row: RowChange) -> str:
        """The channel in words."""
        return channel_words(row.channel)
