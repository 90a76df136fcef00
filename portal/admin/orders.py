"""Orders, shipments and invoices in the back office: lists, and the page of an order with its story."""

from dataclasses import dataclass
from datetime import datetime
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
from integrations.models import Delivery, DeliveryAttempt
from integrations.queries import all_deliveries_of
from integrations.states import DeliveryState
from orders.actions.reroute import RIGHT as REROUTE
from orders.models import Invoice, InvoiceLine, Order, Payment, Shipment, ShipmentLine
from orders.queries.ledger import all_faults
from orders.queries.orders import all_order_by_number, all_orders
from orders.queries.timeline import TimelineRow
from orders.queries.view import OrderView, order_view
from orders.rules.credit import RULES
from portal.admin.approvals import reroute, reroute_form
from portal.admin.fed import FedAdmin, ShownTable
from portal.admin.operations.processes import shown_processes_of
from portal.admin.operations.words import destination_words
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.approval_words import chains_in_words
from portal.audit_words import action_words
from portal.live_words import decision_rows
from portal.templatetags.accord import money
from portal.tones import TONES
from portal.views.approvals import reason_of

# The theme shows the raw word where a label has no tone at all.
LABELS = {
    kind: {status: tone or "idle" for status, tone in TONES[kind].items()}
    for kind in ("order", "delivery", "invoicing", "payment", "shipment")
}

DECIDED = {"dropped": _("given up"), "replayed": _("sent again")}
ON_ITS_WAY = (DeliveryState.WAITING, DeliveryState.SENDING)


@dataclass(frozen=True)
class Happening:
    """One line of an order's story for staff; what the hub tried stands among the events."""

    at: datetime
    title: str
    note: str
    tone: str
    system: str
    system_name: str
    who: str


@admin.register(Order)
class OrderAdmin(FedAdmin):
    """Every order; its page tells what happened in all systems (ORD-16, ORD-18)."""

    customer = "company"
    list_display = (
        "number",
        "state",
        "company",
        "po_number",
        "net",
        "delivery",
        "payment",
        "erp_number",
        "placed_at",
    )
    list_select_related = ("company",)
    list_filter = ("status", "delivery_status", "invoice_status", "payment_status", "placed_at")
    search_fields = (
        "number",
        "po_number",
        "erp_number",
        "origin_ref",
        "correlation_id",
        "company__name",
        "company__number",
        "shipments__number",
        "invoices__number",
    )
    ordering = ("-id",)
    date_hierarchy = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """The orders of the person's customers."""
        orders: QuerySet[Order] = self.own(request, all_orders())
        return orders

    def get_urls(self) -> list[URLPattern]:
        """The page of an order goes by its number."""
        own = path("<str:number>/page/", self.admin_site.admin_view(self.page_view), name="orders_order_page")
        other = path(
            "<str:number>/reroute/",
            self.admin_site.admin_view(self.reroute_view),
            name="orders_order_reroute",
        )
        return [own, other, *super().get_urls()]

    def reroute_view(self, request: HttpRequest, number: str) -> HttpResponse:
        """Let a step of its approval ask somebody else."""
        if not self.has_view_permission(request) or not request.user.has_perm(REROUTE):
            raise PermissionDenied
        if not self.get_queryset(request).filter(number=number).exists():
            raise Http404
        return refusing(_page)(reroute)(request, number=number)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """On to the order's own page; a post is refused as on every fed row."""
        self._refuse_writing(request)
        order = self.get_object(request, object_id)
        if order is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:orders_order_page", order.number)

    def page_view(self, request: HttpRequest, number: str) -> HttpResponse:
        """One order: states of both sides, story, quantities, documents, decisions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not self.get_queryset(request).filter(number=number).exists():
            raise Http404
        return _page(request, number=number)

    @display(description=_("state"), ordering="status", label=LABELS["order"])
    def state(self, order: Order) -> tuple[str, Any]:
        """Ours."""
        return order.status, order.get_status_display()

    @display(description=_("delivery"), ordering="delivery_status", label=LABELS["delivery"])
    def delivery(self, order: Order) -> tuple[str, Any]:
        """How far the goods are."""
        return order.delivery_status, order.get_delivery_status_display()

    @display(description=_("payment"), ordering="payment_status", label=LABELS["payment"])
    def payment(self, order: Order) -> tuple[str, Any]:
        """How far it is paid."""
        return order.payment_status, order.get_payment_status_display()

    @display(description=_("net"), ordering="net_amount")
    def net(self, order: Order) -> str:
        """Without tax."""
        return money(order.net_amount, order.currency)


@shown
def _page(request: HttpRequest, number: str) -> HttpResponse:
    order = all_order_by_number(number)
    view = order_view(order, for_staff=True)
    deliveries = list(all_deliveries_of(order.subject))
    context = {
        "order": order,
        "view": view,
        "story": story_of(view, deliveries),
        "waiting": [_in_words(row) for row in deliveries if row.state in ON_ITS_WAY],
        "buried": [_in_words(row) for row in deliveries if row.state == DeliveryState.BURIED],
        "cases": all_cases_of(order.subject),
        "processes": shown_processes_of(order.subject)[:1],
        "faults": list(all_faults([order])),
        "decisions": decision_rows(order),
        "reason": reason_of(order) if order.approval_rules else "",
        "chains": chains_in_words(order) if request.user.has_perm("orders.view_approvalrequest") else [],
        "reroute": reroute_form(request, order),
        "credit_rule": RULES.get(order.credit_decision.get("rule", ""), ""),
    }
    return admin_page(request, "admin/accord/orders/order.html", title=order.number, context=context)


def story_of(view: OrderView, deliveries: list[Delivery]) -> list[Happening]:
    """Events of the order and every try of the hub to tell the other systems, newest first."""
    told = [_event(row) for row in view.timeline]
    tried = [_attempt(row, attempt) for row in deliveries for attempt in row.tries.all()]
    return sorted([*told, *tried], key=lambda row: row.at, reverse=True)


def _event(row: TimelineRow) -> Happening:
    return Happening(row.at, row.text, row.note, row.tone, row.source, row.source_name, row.person)


def _in_words(row: Delivery) -> tuple[Delivery, str, str]:
    """A message with what it tells and to whom."""
    return row, action_words(row.event.name), destination_words(row.destination)


def _attempt(row: Delivery, attempt: DeliveryAttempt) -> Happening:
    _row, event, destination = _in_words(row)
    title = _gettext("%(event)s: told to %(destination)s") % {"event": event, "destination": destination}
    if not attempt.number:  # no try, but what a person decided about the message
        note = f"{DECIDED.get(attempt.outcome, attempt.outcome)}: {attempt.error}"
        return Happening(attempt.started_at, title, note, "", "hub", _gettext("Hub"), attempt.worker)
    outcome = attempt.error or attempt.outcome or _gettext("no end was noted")
    note = _gettext("try %(number)s: %(outcome)s") % {"number": attempt.number, "outcome": outcome}
    tone = "bad" if attempt.error else ""
    return Happening(attempt.started_at, title, note, tone, "hub", _gettext("Hub"), "")


class ShipmentLines(ShownTable):
    """What a shipment holds."""

    model = ShipmentLine
    fields = ("order_line", "quantity")
    verbose_name_plural = _("lines")


@admin.register(Shipment)
class ShipmentAdmin(FedAdmin):
    """What the ERP ships."""

    customer = "order__company"
    list_display = ("number", "state", "order", "warehouse", "planned_on", "shipped_on", "carrier", "as_of")
    list_select_related = ("order", "warehouse")
    list_filter = ("status", "warehouse", "shipped_on")
    search_fields = ("number", "order__number", "order__po_number", "tracking_number")
    ordering = ("-id",)
    inlines = (ShipmentLines,)

    @display(description=_("status"), ordering="status", label=LABELS["shipment"])
    def state(self, shipment: Shipment) -> tuple[str, Any]:
        """Its stage."""
        return shipment.status, shipment.get_status_display()


class InvoiceLines(ShownTable):
    """The lines of an invoice."""

    model = InvoiceLine
    fields = ("position", "order_line", "text", "quantity", "unit_code", "unit_price", "net_amount")
    verbose_name_plural = _("lines")


class Payments(ShownTable):
    """What was paid on it."""

    model = Payment
    fields = ("paid_on", "amount", "erp_id")
    verbose_name_plural = _("payments")


@admin.register(Invoice)
class InvoiceAdmin(FedAdmin):
    """What the ERP has invoiced and credited."""

    customer = "company"
    list_display = ("number", "kind", "state", "company", "gross", "left", "issued_on", "due_on", "as_of")
    list_select_related = ("company",)
    list_filter = ("kind", "status", "issued_on")
    search_fields = ("number", "company__name", "company__number", "orders__number", "orders__po_number")
    ordering = ("-issued_on", "-id")
    inlines = (InvoiceLines, Payments)

    @display(description=_("payment"), ordering="status", label=LABELS["payment"])
    def state(self, invoice: Invoice) -> tuple[str, Any]:
        """How far it is paid."""
        return invoice.status, invoice.get_status_display()

    @display(description=_("with VAT"), ordering="gross_amount")
    def gross(self, invoice: Invoice) -> str:
        """With tax."""
        return money(invoice.gross_amount, invoice.currency)

    @display(description=_("open"), ordering="open_amount")
    def left(self, invoice: Invoice) -> str:
        """By the ERP's word."""
        return money(invoice.open_amount, invoice.currency)
