"""Deliveries: every message that leaves, once per destination; dead letters with their attempts."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import queries
from integrations.actions.comparisons import ask_comparison
from integrations.actions.deliveries import drop_delivery, replay_delivery
from integrations.models import Delivery
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.operations.words import (
    destination_words,
    document_words,
    event_words,
    page_of,
    without_people,
)
from portal.admin.pages import admin_page

PER_PAGE = 50


@admin.register(Delivery)
class DeliveryAdmin(FedAdmin):
    """The queryset and permissions of the theme, pages of our own."""

    customer = EVERY

    def get_urls(self) -> list[URLPattern]:
        """The page of a delivery goes by its id, which is all the name it has."""
        view = self.admin_site.admin_view(self.delivery_view)
        return [path("<int:delivery_id>/page/", view, name="integrations_delivery_page"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The deliveries of a view, dead letters first if there are any; what waits for a system that is down is paused, not in error."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        counts = queries.all_delivery_counts()
        view = request.GET.get("view") or ("dead" if counts["dead"] else "waiting")
        text = request.GET.get("q", "").strip()
        page = Paginator(queries.all_deliveries(view, text), PER_PAGE).get_page(request.GET.get("page"))
        down = {system.key: system for system in queries.all_systems() if system.down_since}
        context = {
            "view": view,
            "text": text,
            "page": page,
            "rows": [(row, _words(row), down.get(row.system), page_of(row.subject)) for row in page],
            "counts": counts,
            "down": list(down.values()),
        }
        template = "admin/accord/operations/deliveries.html"
        return admin_page(request, template, title=_("Deliveries"), context=context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The theme's address of a delivery leads to its own page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:integrations_delivery_page", object_id)

    def delivery_view(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        """One delivery: the message, its attempts, and what may be done."""
        delivery = queries.all_delivery(delivery_id)
        if not self.has_view_permission(request, delivery):
            raise PermissionDenied
        if request.method == "POST":
            return self._act(request, delivery)
        context = {
            "delivery": delivery,
            "words": _words(delivery),
            "document": page_of(delivery.subject),
            "attempts": list(delivery.tries.all())[::-1],
            "message": json.dumps(without_people(delivery.event.payload), indent=2, ensure_ascii=False),
            "compared": _compared(delivery),
            "may_act": request.user.has_perm("integrations.change_delivery"),
        }
        template = "admin/accord/operations/delivery.html"
        return admin_page(request, template, title=_title(delivery), context=context)

    def _act(self, request: HttpRequest, delivery: Delivery) -> HttpResponse:
        if not request.user.has_perm("integrations.change_delivery"):
            raise PermissionDenied
        by, reason = request.actor, request.POST.get("reason", "")  # type: ignore[attr-defined]
        match request.POST.get("do", ""):
            case "replay":
                replay_delivery(delivery, by=by, reason=reason)
                messages.success(request, _("Tried again at once."))
            case "drop":
                drop_delivery(delivery, by=by, reason=reason)
                messages.success(request, _("Given up; newer messages of this document go on."))
            case "compare":
                ask_comparison(delivery)
                messages.success(request, _("It is compared again in a moment; nothing is sent."))
            case _:
                raise Http404
        return redirect("admin:integrations_delivery_page", delivery.pk)


# What was held against what, for people.
KINDS = {
    "contract": gettext_lazy("Form of the message"),
    "known": gettext_lazy("What it names"),
    "order": gettext_lazy("Order"),
    "price": gettext_lazy("Price"),
    "credit": gettext_lazy("Credit"),
}


def _compared(delivery: Delivery) -> list[dict[str, Any]]:
    """What a held message was found to be beside its receiver's words; what differs first."""
    comparison = getattr(delivery, "comparison", None)
    found = comparison.found if comparison else []
    rows = [{**one, "kind": str(KINDS.get(one["kind"], one["kind"]))} for one in found]
    return sorted(rows, key=lambda one: {False: 0, None: 1, True: 2}[one["is_same"]])


def _words(delivery: Delivery) -> dict[str, str]:
    """A delivery for people: what is told, of which document, to whom."""
    return {
        "event": event_words(delivery.event),
        "document": document_words(delivery.subject),
        "to": destination_words(delivery.destination),
    }


def _title(delivery: Delivery) -> str:
    words = _words(delivery)
    return f"{words['event']} · {words['document']}"
