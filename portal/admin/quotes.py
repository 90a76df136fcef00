"""Requests, quotes and their policy in the back office: lists here, the work on own pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.staff import SALES, SALES_MANAGER, is_in
from portal.admin.customers import OwnCustomers
from portal.admin.fed import FedAdmin
from portal.admin.history import HistoryTab
from portal.admin.sales import approval, builder, new_quote, rfq
from portal.templatetags.accord import money, on
from portal.tones import TONES
from quotes.actions.policy import PolicyDraft, make_policy
from quotes.models import Quote, QuotePolicy, Rfq
from quotes.queries.desk import all_quotes, all_rfqs

# The theme shows the raw word where a label has no tone at all.
LABELS = {
    status: tone or "idle" for kind in ("rfq-desk", "quote-desk") for status, tone in TONES[kind].items()
}


def _has_desk(request: HttpRequest) -> bool:
    return is_in(request.user, SALES, SALES_MANAGER)  # type: ignore[arg-type]


@admin.register(Rfq)
class RfqAdmin(FedAdmin):
    """What buyers have asked for; a salesperson sees the own customers'."""

    customer = "company"
    list_display = ("number", "state", "company", "requested_by", "requested_on", "submitted_at")
    list_select_related = ("company", "requested_by")
    list_filter = ("status", "submitted_at")
    search_fields = ("number", "company__name", "company__number", "po_number")
    ordering = ("-id",)
    hidden = ("id", "token")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rfq]:
        """The requests of the person's customers."""
        requests: QuerySet[Rfq] = self.own(request, all_rfqs())
        return requests

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """On to the request's own page for the sales staff."""
        found = self.get_object(request, object_id) if _has_desk(request) else None
        if found is not None:
            return redirect("admin:quotes_rfq_page", found.number)
        return super().change_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> list[URLPattern]:
        """The page of a request and its two answers, before the list's own."""
        view = self.admin_site.admin_view
        own = [
            path("<str:number>/request/", view(rfq.rfq_page), name="quotes_rfq_page"),
            path("<str:number>/start/", view(rfq.start), name="quotes_rfq_start"),
            path("<str:number>/decline/", view(rfq.decline), name="quotes_rfq_decline"),
        ]
        return [*own, *super().get_urls()]

    @display(description=_("state"), ordering="status", label=LABELS)
    def state(self, item: Rfq) -> tuple[str, Any]:
        """Where it is."""
        return item.status, item.get_status_display()


@admin.register(Quote)
class QuoteAdmin(FedAdmin):
    """Every offer of the person's customers."""

    customer = "company"
    list_display = (
        "number",
        "state",
        "company",
        "contact",
        "owner",
        "revision",
        "net",
        "valid",
        "updated_at",
    )
    list_select_related = ("company", "contact", "owner")
    list_filter = ("status", ("owner", admin.RelatedOnlyFieldListFilter), "updated_at")
    search_fields = ("number", "company__name", "company__number", "rfq__number", "order_number")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quote]:
        """The quotes of the person's customers."""
        quotes: QuerySet[Quote] = self.own(request, all_quotes())
        return quotes.prefetch_related("revisions")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """On to the quote's own page for the sales staff."""
        found = self.get_object(request, object_id) if _has_desk(request) else None
        if found is not None:
            return redirect("admin:quotes_quote_page", found.number)
        return super().change_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> list[URLPattern]:
        """The pages of a quote and its steps, before the list's own."""
        view = self.admin_site.admin_view
        steps = {
            "": ("page", builder.quote_page),
            "save/": ("save", builder.save),
            "send/": ("send", builder.send),
            "revise/": ("revise", builder.revise),
            "back/": ("back", builder.back),
            "withdraw/": ("withdraw", builder.withdraw),
            "note/": ("note", builder.note),
            "approval/": ("approval", approval.approval_page),
            "approve/": ("approve", approval.approve),
            "return/": ("return", approval.give_back),
        }
        new = path("new/", view(new_quote.new_page), name="quotes_quote_new")
        own = [
            path(f"<str:number>/quote/{place}", view(step), name=f"quotes_quote_{name}")
            for place, (name, step) in steps.items()
        ]
        return [new, *own, *super().get_urls()]

    @display(description=_("state"), ordering="status", label=LABELS)
    def state(self, quote: Quote) -> tuple[str, Any]:
        """Where it is on our side."""
        return quote.status, quote.get_status_display()

    @display(description=_("net"))
    def net(self, quote: Quote) -> str:
        """The net of the working revision."""
        return next(
            (
                money(row.net_amount, quote.currency)
                for row in quote.revisions.all()
                if row.number == quote.revision
            ),
            "–",
        )

    @display(description=_("valid through"))
    def valid(self, quote: Quote) -> str:
        """The last valid day of the working revision."""
        return next(
            (on(row.valid_until) for row in quote.revisions.all() if row.number == quote.revision), "–"
        )


class PolicyForm(forms.ModelForm):
    """A new version; the number and the moment come by themselves."""

    class Meta:
        model = QuotePolicy
        fields = ("max_discount_percent", "min_margin_percent", "max_net_amount", "validity_days", "note")


@admin.register(QuotePolicy)
class QuotePolicyAdmin(HistoryTab, OwnCustomers, ModelAdmin):
    """The versions of the policy. A change is a new version; an old one is never edited."""

    customer = None
    form = PolicyForm
    list_display = (
        "version",
        "active_from",
        "max_discount_percent",
        "min_margin_percent",
        "max_net_amount",
        "validity_days",
        "note",
    )
    search_fields = ("note",)
    ordering = ("-version",)
    list_fullwidth = True
    compressed_fields = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Approvals name the version they were judged by: nobody types into one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The limits alone for a new version, everything for an old one."""
        limits = PolicyForm.Meta.fields
        return limits if obj is None else ("version", "active_from", *limits)

    def save_model(self, request: HttpRequest, obj: QuotePolicy, form: Any, change: bool) -> None:
        """Hand the new version to its action."""
        made = make_policy(PolicyDraft(**form.cleaned_data), by=request.actor)  # type: ignore[attr-defined]
        obj.pk, obj.version = made.pk, made.version
