"""The inbox of an approver."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.actions.delegation import delegate_approvals, end_delegation
from accounts.scope import Scope
from accounts.seats import delegations_of
from accounts.states import Right
from core.errors import InvalidValue
from orders.models import Order
from orders.queries.chains import Glance, all_dues_of, all_glances_of
from orders.queries.orders import absent_of, approval_count, approval_stretch
from orders.rules.approval import approval_text
from portal.forms.approvals import AbsenceForm
from portal.forms.numbers import whole_number
from portal.forms.orders import DecisionForm
from portal.middleware import BuyerRequest
from portal.templatetags.accord import money
from portal.usecases import decide
from portal.views.parts import place_in, query_of
from portal.views.replies import post_only


@dataclass(frozen=True)
class Row:
    """An order in the inbox. due: when it is escalated. absent: for whom one would decide, none for oneself."""

    order: Order
    reason: str
    due: datetime | None
    glance: Glance | None
    absent: list[str]


@login_required
@require_GET
def approval_list(request: BuyerRequest) -> HttpResponse:
    """The orders that wait for this person, the longest waiting first, and those who stand in."""
    request.scope.require(Right.APPROVE)
    return _page(request)


@login_required
@post_only("portal:approval-list")
def approval_decide(request: BuyerRequest) -> HttpResponse:
    """Decide on several orders at once; each has its own outcome."""
    request.scope.require(Right.APPROVE)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise InvalidValue(" ".join(str(error) for error in form.errors["comment"]), field="comment")
    verb = request.POST.get("verb", "")
    if verb not in VERBS:
        raise InvalidValue(_("Say what to do with them."), field="verb")
    said = decide.Said(comment=form.cleaned_data["comment"])
    numbers = request.POST.getlist("order")
    outcomes = decide.decide_together(numbers, verb, said, scope=request.scope, by=request.actor)
    if not outcomes:
        messages.warning(request, _("No order was chosen."))
    done = [one.number for one in outcomes if not one.problem]
    if done:
        messages.success(request, VERBS[verb] % {"orders": ", ".join(done)})
    for one in outcomes:
        if one.problem:
            messages.error(request, f"{one.number}: {one.problem}")
    refused = [one.number for one in outcomes if one.problem]
    kept = f"?{urlencode({'order': refused}, doseq=True)}" if refused else ""
    return redirect(reverse("portal:approval-list") + kept)


VERBS = {
    "approve": gettext_lazy("Approved: %(orders)s"),
    "return": gettext_lazy("Returned: %(orders)s"),
    "reject": gettext_lazy("Rejected: %(orders)s"),
}


@login_required
@post_only("portal:approval-list")
def absence_add(request: BuyerRequest) -> HttpResponse:
    """Let a colleague decide during one's absence."""
    request.scope.require(Right.APPROVE)
    form = AbsenceForm(request.POST, scope=request.scope)
    if not form.is_valid():
        return _page(request, absence=form, status=422)
    data = form.cleaned_data
    delegate_approvals(
        request.scope, data["delegate"], *form.moments(), by=request.actor, reason=data["reason"]
    )
    messages.success(request, _("Your colleague decides instead of you on these days."))
    return redirect("portal:approval-list")


@login_required
@post_only("portal:approval-list")
def absence_end(request: BuyerRequest) -> HttpResponse:
    """Take a delegation back."""
    end_delegation(request.scope, whole_number(request.POST.get("key")), by=request.actor)
    messages.success(request, _("You decide yourself again."))
    return redirect("portal:approval-list")


def _page(request: BuyerRequest, *, absence: AbsenceForm | None = None, status: int = 200) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    page = approval_stretch(request.scope, place_in(request), text=text)
    dues, glances = all_dues_of(page.rows), all_glances_of(page.rows)
    absent = absent_of(request.scope, page.rows)
    context = {
        "page": page,
        "count": approval_count(request.scope),
        "query": query_of(q=text),
        "waiting": [
            Row(
                order,
                reason_in(request.scope, order),
                dues.get(order.pk),
                glances.get(order.pk),
                absent.get(order.pk, []),
            )
            for order in page.rows
        ],
        "is_deputy": bool(absent),
        "place": query_of(**{name: request.GET.get(name, "") for name in ("older", "newer")}).lstrip("&"),
        "text": text,
        "chosen": request.GET.getlist("order"),
        "are_all_chosen": "all" in request.GET,
        "decision": DecisionForm(),
        "absence": absence or AbsenceForm(scope=request.scope),
        "delegations": delegations_of(request.scope),
    }
    return render(request, "portal/approvals/list.html", context, status=status)


def reason_in(scope: Scope, order: Order) -> str:
    """Why an order waits, with its amounts as far as its company's prices may be seen."""
    with scope.amounts_of(order.company_id):
        return reason_of(order)


def reason_of(order: Order) -> str:
    """Why an order waits, in the reader's language."""
    return approval_text(order.approval_rules, lambda amount: money(amount, order.currency))
