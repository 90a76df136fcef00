"""The queue of companies that ask to become customers."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts import applicants
from accounts.models import Registration
from accounts.registrations import RegistrationState
from portal.admin.admission import PAGE, STEPS, registration_page
from portal.admin.fed import FedHistoryAdmin
from portal.templatetags.accord import age

STATE_TONES = {"waiting": "warning", "approved": "ok", "rejected": "idle", "unconfirmed": "idle"}
TAX_LABELS = {
    "valid": "ok",
    "invalid": "danger",
    "asked": "info",
    "unreached": "warning",
    "form": "info",
    "uncheckable": "warning",
}
TAX_WORDS = {
    "valid": gettext_lazy("valid"),
    "invalid": gettext_lazy("not valid"),
    "asked": gettext_lazy("not answered yet"),
    "unreached": gettext_lazy("not reached"),
    "form": gettext_lazy("form only"),
    "uncheckable": gettext_lazy("not checkable"),
}


@admin.register(Registration)
class RegistrationAdmin(FedHistoryAdmin):
    """The queue: those that wait first, the oldest before the others."""

    customer = "company"
    list_display = ("company_name", "standing", "waits", "place", "tax_id", "tax", "sales_rep", "company")
    list_select_related = ("sales_rep", "company")
    list_filter = ("state", "tax_answer", "country", ("sales_rep", admin.RelatedOnlyFieldListFilter))
    search_fields = ("company_name", "tax_id", "email", "person_name", "company__number")
    ordering = (F("decided_at").desc(nulls_first=True), "confirmed_at")
    hidden = ("id", "key", "version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        """Those that the person meets; one whose address is not confirmed is nobody's."""
        return applicants.registrations_at(request.user)  # type: ignore[arg-type]

    def get_urls(self) -> list[URLPattern]:
        """The page of a registration and its steps."""
        view = self.admin_site.admin_view
        own = [
            path("<int:registration_id>/page/", view(registration_page), name="accounts_registration_page")
        ]
        for step, act in STEPS.items():
            name = f"accounts_registration_{step.replace('-', '_')}"
            own.append(path(f"<int:registration_id>/{step}/", view(act), name=name))
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """On to the registration's own page."""
        if request.method == "GET" and self.has_view_permission(request):
            return redirect(PAGE, self.get_object(request, object_id).pk)
        return super().change_view(request, object_id, form_url, extra_context)

    @display(description=gettext_lazy("state"), label=STATE_TONES, ordering="state")
    def standing(self, registration: Registration) -> tuple[str, str]:
        """The state as a badge."""
        return registration.state, registration.get_state_display()

    @display(description=gettext_lazy("waits"), ordering="confirmed_at")
    def waits(self, registration: Registration) -> str:
        """For how long it waits, while it does."""
        is_waiting = registration.state == RegistrationState.WAITING
        return age(registration.confirmed_at) if is_waiting and registration.confirmed_at else "–"

    @display(description=gettext_lazy("place"))
    def place(self, registration: Registration) -> str:
        """Country and city."""
        return f"{registration.country} · {registration.city}"

    @display(description=gettext_lazy("VAT check"), label=TAX_LABELS, ordering="tax_answer")
    def tax(self, registration: Registration) -> tuple[str, str]:
        """What is known of the number, in a word."""
        return registration.tax_answer, str(TAX_WORDS[registration.tax_answer])
