"""Processes: how far each came, step by step; as a list, a page, and a panel on its document's page."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.queries import all_cases_of
from integrations.models import Process, ProcessStep
from integrations.processes.definitions import PROCESSES
from integrations.processes.queries import all_process, all_processes, all_processes_of
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.operations.words import page_of, without_people
from portal.admin.pages import admin_page
from portal.tones import TONES

LABELS = {state: tone or "idle" for state, tone in TONES["process"].items()}


@dataclass(frozen=True)
class ShownStep:
    """A step for people. error: why it failed, and for one to be undone why that did."""

    step: ProcessStep
    title: str
    given: str
    output: str


@dataclass(frozen=True)
class ShownProcess:
    """A process for people. why: what it is undone or waits for; undo: why undoing did not succeed."""

    process: Process
    title: str
    steps: list[ShownStep]
    why: str
    undo: str
    settled: str


def shown_process(process: Process) -> ShownProcess:
    """A process with the words of its definition; one that is no longer defined keeps its own."""
    definition = PROCESSES.get(process.kind)
    titles = {step.name: str(step.title) for step in definition.steps} if definition else {}
    settled = process.failure.get("settled", {})
    return ShownProcess(
        process=process,
        title=str(definition.title) if definition else process.kind,
        steps=[
            ShownStep(step, titles.get(step.name, step.name), _json(step.input), _json(step.output))
            for step in process.steps.all()
        ],
        why=_why(process.failure),
        undo=_why(process.failure.get("undo", {})),
        settled=f"{settled['by']}: {settled['reason']}" if settled else "",
    )


def shown_processes_of(subject: str) -> list[ShownProcess]:
    """The processes about a document, the newest first."""
    return [shown_process(process) for process in all_processes_of(subject)]


def _why(failure: dict[str, Any]) -> str:
    return str(failure.get("cause") or failure.get("reason", ""))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(without_people(value), indent=2, ensure_ascii=False) if value else ""


@admin.register(Process)
class ProcessAdmin(FedAdmin):
    """Every run of a process; nothing is typed here, what is wrong is mended in its case (INT-42)."""

    customer = EVERY
    list_display = ("about", "state_label", "kind_words", "run", "step", "started_at", "ended_at")
    list_filter = ("state", "kind", "started_at")
    search_fields = ("subject", "company_number", "correlation_id")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Process]:
        """All processes with their steps."""
        processes: QuerySet[Process] = self.own(request, all_processes())
        return processes

    def get_urls(self) -> list[URLPattern]:
        """The page of a process goes by its id, which is all the name it has."""
        view = self.admin_site.admin_view(self.page_view)
        return [path("<int:process_id>/page/", view, name="integrations_process_page"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The theme's address of a process leads to its own page; a post is refused."""
        self._refuse_writing(request)
        process = self.get_object(request, object_id)
        if process is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:integrations_process_page", process.pk)

    def page_view(self, request: HttpRequest, process_id: int) -> HttpResponse:
        """One process: its steps with what went in and came out, and the cases about its document."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        process = all_process(process_id)
        context = {
            "shown": shown_process(process),
            "document": page_of(process.subject),
            "number": process.subject.partition(":")[2],
            "cases": all_cases_of(process.subject),
        }
        template = "admin/accord/operations/process.html"
        return admin_page(request, template, title=str(process), context=context)

    @display(description=_("about"), ordering="subject")
    def about(self, process: Process) -> str:
        """The document's number."""
        return process.subject.partition(":")[2] or process.subject

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_label(self, process: Process) -> tuple[str, Any]:
        """Where it is."""
        return process.state, process.get_state_display()

    @display(description=_("process"), ordering="kind")
    def kind_words(self, process: Process) -> str:
        """What it does."""
        definition = PROCESSES.get(process.kind)
        return str(definition.title) if definition else process.kind

    @display(description=_("steps"))
    def step(self, process: Process) -> str:
        """How many of its steps are done, and which is not."""
        shown = shown_process(process)
        done = [one for one in shown.steps if one.step.state == "done"]
        words = _gettext("%(done)s of %(all)s done") % {"done": len(done), "all": len(shown.steps)}
        stopped = [one.title for one in shown.steps if one.step.error]
        return f"{words} · {stopped[-1]}" if stopped else words
