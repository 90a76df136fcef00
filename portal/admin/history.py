"""The history of a row: who changed what from which value to which, by which way, for whom, and with what else."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from core.past import (
    Version,
    versions_of,
)
from integrations.flows import FLOWS
from portal.admin.pages import admin_page

KINDS = {"+": (_("made"), "good"), "~": (_("changed"), "work"), "-": (_("deleted"), "bad")}
MAY_SEE_CAUSE = "core.view_auditentry"


def channel_words(channel: str) -> str:
    """A channel as people call it: pages, API, back office, a flow by what it moves, a job."""
    kind, _colon, name = channel.partition(":")
    flow = FLOWS.get(name)
    words = {
        "portal": _gettext("portal"),
        "api": _gettext("API"),
        "admin": _gettext("back office"),
        "shell": _gettext("command"),
        "sql": _gettext("SQL by hand"),
        "flow": _gettext("flow “%(name)s”") % {"name": flow.label if flow else name},
        "job": _gettext("job “%(name)s”") % {"name": name.replace("_", " ")},
    }
    return str(words.get(kind, channel or "–"))


class ShownVersion:
    """A version as the tables show it."""

    def __init__(self, version: Version, *, with_cause: bool) -> None:
        self.version = version
        self.kind: Any
        self.kind, self.tone = KINDS.get(version.kind, (version.kind, ""))
        self.channel = channel_words(version.channel)
        self.who = version.who or "–"
        self.cause = cause_link(version) if with_cause else ""
        self.link = _history_link(version)


def cause_link(version: Version) -> str:
    """The page of all that the same cause brought about; "" where the cause has no id."""
    if not version.correlation_id:
        return ""
    page = reverse("admin:core_auditentry_cause", args=[version.correlation_id])
    return f"{page}?near={int(version.at.timestamp())}"


def _history_link(version: Version) -> str:
    meta = version.model._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_history", args=[version.key])
    except NoReverseMatch:
        return ""


class HistoryTab:
    """The page behind the history button of an admin class (SEC-08); of a model without versions it says so."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The versions of a row that the person may see, newest first, with what differs."""
        model: Any = self.model  # type: ignore[attr-defined]
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if row is None:
            raise Http404
        if request.method != "GET" or not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        with_cause = request.user.has_perm(MAY_SEE_CAUSE)
        is_kept = hasattr(model, "history")
        versions = versions_of(model, row.pk) if is_kept else []
        context = {
            "row": row,
            "opts": model._meta,
            "list_page": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
            "is_kept": is_kept,
            "versions": [ShownVersion(one, with_cause=with_cause) for one in versions],
        }
        return admin_page(
            request,
            "admin/accord/history.html",
            title=_gettext("History of %(row)s") % {"row": row},
            context=context,
        )

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """The library's page of one version leads on to that of all: its form writes back, and offers rows of others."""
        if request.method != "GET":
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        meta = self.model._meta  # type: ignore[attr-defined]
        return redirect(f"admin:{meta.app_label}_{meta.model_name}_history", row.pk)
