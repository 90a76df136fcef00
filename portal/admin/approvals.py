"""Approvals, their rules and budgets in the back office: read here, decided by the customer's own people.

The staff decides on no order. What it may do is to ask somebody else of the customer where a step is stuck.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.seats import all_names
from core.days import erp_today
from core.errors import InvalidValue
from orders.actions.reroute import RIGHT, reroute_step
from orders.models import ApprovalRequest, ApprovalRule, Budget, BudgetEntry, Order
from orders.queries.approval import all_open_steps, all_requests, all_seats_for, open_request
from orders.queries.budget import BudgetState, all_budgets, states_of
from orders.queries.orders import all_order_by_number
from orders.queries.preview import all_preview_of
from orders.queries.rules import all_rules, all_view_of, is_in_force
from portal.admin.fed import FedAdmin, FedHistoryAdmin, ShownTable
from portal.admin.pages import admin_page
from portal.approval_words import asked_words, condition_words, version_in_words
from portal.rule_names import Codes
from portal.templatetags.accord import money
from portal.tones import TONES

STATES = {state: tone or "idle" for state, tone in TONES["approval"].items()}


class RequestList(ChangeList):
    """A page of requests with whom each waits for, in two statements."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows, each with its `asked` in words."""
        super().get_results(request)
        rows = list(self.result_list)
        steps = all_open_steps(rows)
        names = all_names({pk for some in steps.values() for step in some for pk in step.people})
        for row in rows:
            row.asked = asked_words(steps.get(row.pk, []), names)
        self.result_list = rows


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(FedAdmin):
    """What waits for an approval and what was decided; a row leads to its order, which tells it all."""

    customer = "unit"
    list_display = (
        "order",
        "state_shown",
        "money",
        "unit",
        "requester",
        "waits_for",
        "asked_by",
        "opened_at",
        "due_at",
        "closed_at",
    )
    list_select_related = ("order", "unit", "requester")
    list_filter = ("state", "opened_at")
    search_fields = ("order__number", "order__po_number", "unit__name", "unit__number", "requester__name")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRequest]:
        """The requests of the person's customers."""
        requests: QuerySet[ApprovalRequest] = self.own(request, all_requests())
        return requests

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """On to the order."""
        self._refuse_writing(request)
        asked = self.get_object(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:orders_order_page", asked.order.number)

    @display(description=_("state"), ordering="state", label=STATES)
    def state_shown(self, asked: ApprovalRequest) -> tuple[str, Any]:
        """Waiting, or how it ended."""
        return asked.state, asked.get_state_display()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list with whom each waits for."""
        return RequestList

    @admin.display(description=_("net"), ordering="order__net_amount")
    def money(self, asked: ApprovalRequest) -> str:
        """The order without tax."""
        return money(asked.order.net_amount, asked.order.currency)

    @admin.display(description=_("waits for"))
    def waits_for(self, asked: ApprovalRequest) -> str | None:
        """Whom the open steps ask; nobody once it is decided."""
        return getattr(asked, "asked", "") or None

    @admin.display(description=_("because of"))
    def asked_by(self, asked: ApprovalRequest) -> str:
        """The rules with their versions."""
        return "; ".join(
            _gettext("%(rule)s, version %(version)s") % {"rule": rule["name"], "version": rule["version"]}
            if rule["version"]
            else str(rule["name"])
            for rule in asked.rules
        )

    @admin.display(description=_("escalates"), ordering="due")
    def due_at(self, asked: ApprovalRequest) -> Any:
        """When the first open step goes on to somebody else, if nobody decides."""
        return asked.due  # type: ignore[attr-defined]


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(FedHistoryAdmin):
    """The versions of the customers' approval rules; the customers' administrators make them."""

    customer = "company"
    list_display = (
        "name",
        "version",
        "company",
        "in_force",
        "says",
        "active_from",
        "ended_at",
        "made_by",
        "note",
    )
    list_select_related = ("company", "made_by")
    list_filter = ("active_from", "applies_below")
    search_fields = ("name", "code", "company__name", "company__number")
    ordering = ("company", "code", "-version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRule]:
        """The rules of the person's customers."""
        rules: QuerySet[ApprovalRule] = self.own(request, all_rules())
        return rules

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A version in words, the others of its rule, and what it would have stopped lately."""
        self._refuse_writing(request)
        rule = self.get_object(request, object_id)
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        conditions, steps = version_in_words(rule)
        context = {
            "rule": rule,
            "view": all_view_of(rule, timezone.now()),
            "conditions": conditions,
            "steps": steps,
            "preview": all_preview_of(rule),
        }
        return admin_page(request, "admin/accord/orders/rule.html", title=str(rule), context=context)

    @admin.display(description=_("asks when"))
    def says(self, rule: ApprovalRule) -> str:
        """Its conditions, in words."""
        return "; ".join(condition_words(rule, Codes(), rule.company.currency))

    @display(description=_("in force"), boolean=True)
    def in_force(self, rule: ApprovalRule) -> bool:
        """Whether it counts now."""
        return is_in_force(rule, timezone.now())


class BudgetList(ChangeList):
    """A page of budgets with how each stands now, in one statement."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows, each with its `standing`."""
        super().get_results(request)
        states = {state.budget.pk: state for state in states_of(self.result_list, erp_today())}
        for budget in self.result_list:
            budget.standing = states.get(budget.pk)


class Movements(ShownTable):
    """What orders reserved, spent and gave back, the newest first."""

    model = BudgetEntry
    fields = ("at", "order", "kind", "moved", "period_on", "actor_label")
    readonly_fields = fields
    ordering = ("-id",)
    per_page = 25
    verbose_name_plural = _("movements")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the orders at hand."""
        return super().get_queryset(request).select_related("order", "budget")

    @admin.display(description=_("amount"))
    def moved(self, entry: BudgetEntry) -> str:
        """In the currency of the budget."""
        return money(entry.amount, entry.budget.currency)


@admin.register(Budget)
class BudgetAdmin(FedHistoryAdmin):
    """What customers may spend in a period, and by which orders it is used."""

    customer = "company"
    list_display = (
        "name",
        "company",
        "whose",
        "period",
        "per_period",
        "reserved",
        "spent",
        "left",
        "is_active",
    )
    list_select_related = ("company", "member", "cost_centre")
    list_filter = ("period", "on_exceeding", "is_active")
    search_fields = ("name", "company__name", "company__number", "member__name", "cost_centre__code")
    ordering = ("company", "name", "id")
    inlines = (Movements,)
    hidden = ("id", "version", "amount", "currency")
    readonly_fields = ("per_period", "reserved", "spent", "left")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """First how it stands in the present period."""
        now = (_("In the present period"), {"fields": ["per_period", "reserved", "spent", "left"]})
        return [now, *super().get_fieldsets(request, obj)]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The budget with how it stands."""
        budget = super().get_object(request, object_id, from_field)
        budget.standing = next(iter(states_of([budget], erp_today())), None)
        return budget

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        """The budgets of the person's customers."""
        budgets: QuerySet[Budget] = self.own(request, all_budgets())
        return budgets

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list with the figures."""
        return BudgetList

    @admin.display(description=_("for"))
    def whose(self, budget: Budget) -> str:
        """A member, a cost centre, or everybody."""
        return " · ".join(str(one) for one in (budget.member, budget.cost_centre) if one) or _gettext(
            "everybody"
        )

    @admin.display(description=_("amount"))
    def per_period(self, budget: Budget) -> str:
        """Net per period."""
        return _gettext("no limit") if budget.amount is None else money(budget.amount, budget.currency)

    @admin.display(description=_("reserved"))
    def reserved(self, budget: Budget) -> str:
        """By what waits or is on its way."""
        return _figure(budget, "reserved")

    @admin.display(description=_("spent"))
    def spent(self, budget: Budget) -> str:
        """By what the ERP has confirmed."""
        return _figure(budget, "spent")

    @admin.display(description=_("left"))
    def left(self, budget: Budget) -> str:
        """In the present period."""
        return _figure(budget, "left")


def _figure(budget: Budget, name: str) -> str:
    state: BudgetState | None = getattr(budget, "standing", None)
    return "–" if state is None else money(getattr(state.figures, name), budget.currency)


class RerouteForm(forms.Form):
    """Whom a step is to ask, and why."""

    step = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.TypedMultipleChoiceField(
        label=_("Ask instead"),
        coerce=int,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 4}),
        help_text=_("People of the customer who may approve it. None chosen: everybody who may."),
    )
    reason = forms.CharField(
        label=_("Why, and who of the customer wants it"),
        max_length=300,
        help_text=_("Those who are asked read it, and the buyer on the order."),
    )

    def of(self, order: Order) -> "RerouteForm":
        """The form with the people who may be asked."""
        asked = open_request(order)
        people = all_seats_for(order, asked) if asked else []
        self.fields["to"].choices = [(user.pk, str(user)) for user in people]  # type: ignore[attr-defined]
        return self


def reroute_form(request: HttpRequest, order: Order) -> RerouteForm | None:
    """The form on an order's page, for whoever may ask somebody else."""
    if not request.user.has_perm(RIGHT) or open_request(order) is None:
        return None
    return RerouteForm().of(order)


@require_POST
def reroute(request: HttpRequest, number: str) -> HttpResponse:
    """Let a step ask somebody else."""
    order = all_order_by_number(number)
    form = RerouteForm(request.POST).of(order)
    if not form.is_valid():
        raise InvalidValue(" ".join(str(error) for errors in form.errors.values() for error in errors))
    data = form.cleaned_data
    reroute_step(order, data["step"], data["to"], reason=data["reason"], by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _gettext("The step asks somebody else now; they get a mail."))
    return redirect("admin:orders_order_page", number)
