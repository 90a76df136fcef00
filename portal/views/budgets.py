"""Budgets of the acting company: how they stand, and who manages it changes them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.queries.companies import reaches_below
from accounts.states import Right
from core.errors import InvalidValue
from orders.actions.budgets import add_cost_centre, end_budget, rename_cost_centre, save_budget
from orders.queries.budget import budget_states, cost_centres_for, own_budget
from portal.forms.approvals import BudgetForm, CostCentreForm
from portal.forms.numbers import whole_number
from portal.middleware import BuyerRequest
from portal.views.replies import post_only


@login_required
@require_GET
def budget_list(request: BuyerRequest) -> HttpResponse:
    """The budgets that one orders by, or all of the company for who manages it: left, reserved, spent."""
    key = request.GET.get("budget")
    if key is None:
        return _page(request)
    request.scope.require(Right.MANAGE_COMPANY)
    return _page(
        request, form=BudgetForm.of(own_budget(request.scope, whole_number(key)), scope=request.scope)
    )


@login_required
@post_only("portal:budget-list")
def budget_save(request: BuyerRequest) -> HttpResponse:
    """Make a budget, or change one."""
    request.scope.require(Right.MANAGE_COMPANY)
    form = BudgetForm(request.POST, scope=request.scope)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    data = form.cleaned_data
    try:
        save_budget(request.scope, form.draft(), by=request.actor, key=data["key"], seen=data["seen"])
    except InvalidValue as refusal:
        name = str(refusal.details.get("field", ""))
        form.add_error(name if name in form.fields else None, str(refusal))
        return _page(request, form=form, status=422)
    messages.success(request, _("The budget is in force."))
    return redirect("portal:budget-list")


@login_required
@post_only("portal:budget-list")
def budget_end(request: BuyerRequest) -> HttpResponse:
    """Let a budget count no more."""
    request.scope.require(Right.MANAGE_COMPANY)
    key, seen = whole_number(request.POST.get("key")), request.POST.get("seen", "")
    end_budget(request.scope, key, seen=seen, by=request.actor)
    messages.success(request, _("The budget counts no more; what was booked stays."))
    return redirect("portal:budget-list")


@login_required
@post_only("portal:budget-list")
def cost_centre_add(request: BuyerRequest) -> HttpResponse:
    """Make a cost centre."""
    request.scope.require(Right.MANAGE_COMPANY)
    form = CostCentreForm(request.POST)
    if not form.is_valid():
        return _page(request, centre=form, status=422)
    add_cost_centre(request.scope, form.cleaned_data["code"], form.cleaned_data["name"], by=request.actor)
    messages.success(request, _("The cost centre is there; orders name one from now on."))
    return redirect("portal:budget-list")


@login_required
@post_only("portal:budget-list")
def cost_centre_rename(request: BuyerRequest) -> HttpResponse:
    """Give a cost centre another name."""
    request.scope.require(Right.MANAGE_COMPANY)
    key, name = whole_number(request.POST.get("key")), request.POST.get("name", "")
    centre = rename_cost_centre(request.scope, key, name, by=request.actor)
    messages.success(request, _("Cost centre %(code)s has its new name.") % {"code": centre.code})
    return redirect("portal:budget-list")


def _page(
    request: BuyerRequest,
    *,
    form: BudgetForm | None = None,
    centre: CostCentreForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_manage = request.scope.may(Right.MANAGE_COMPANY)
    may_add = may_manage and reaches_below(request.scope, Right.MANAGE_COMPANY)
    context = {
        "states": budget_states(request.scope),
        "may_manage": may_manage,
        "form": (form or BudgetForm(scope=request.scope)) if may_manage else None,
        "centre": (centre or CostCentreForm()) if may_add else None,
        "centres": cost_centres_for(request.scope),
    }
    return render(request, "portal/approvals/budgets.html", context, status=status)
