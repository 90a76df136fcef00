"""Approval rules of the acting company, for who manages it: versions, preview, in force."""

from datetime import datetime, time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.states import Right
from orders.actions.rules import activate_rule, draft_rule, end_rule
from orders.queries.orders import numbers_seen
from orders.queries.preview import Preview, preview_of
from orders.queries.rules import rule_version, rule_views
from orders.rules.conditions import check_conditions
from portal.approval_words import rule_rows
from portal.forms.numbers import whole_number
from portal.forms.rules import RuleForm, rule_initial
from portal.middleware import BuyerRequest
from portal.views.replies import post_only


@login_required
@require_GET
def rule_list(request: BuyerRequest) -> HttpResponse:
    """The rules that count here, and a form for the next version of one, or for a new one."""
    request.scope.require(Right.MANAGE_COMPANY)
    code, version = request.GET.get("rule", ""), request.GET.get("version", "")
    form = RuleForm(scope=request.scope)
    if code:
        known = rule_version(request.scope, code, whole_number(version))
        form = RuleForm(scope=request.scope, initial=rule_initial(known))
    return _page(request, form)


@login_required
@post_only("portal:approval-rules")
def rule_save(request: BuyerRequest) -> HttpResponse:
    """Show what a version would have stopped, or keep it as a draft."""
    request.scope.require(Right.MANAGE_COMPANY)
    form = RuleForm(request.POST, scope=request.scope)
    if not form.is_valid():
        return _page(request, form, status=422)
    draft = form.draft()
    if "preview" in request.POST:
        check_conditions(draft.conditions)
        conditions = [dict(one) for one in draft.conditions]
        seen = preview_of(request.scope, conditions, applies_below=draft.applies_below)
        return _page(request, form, preview=seen)
    rule = draft_rule(request.scope, draft, by=request.actor)
    text = _("Version %(version)s of “%(rule)s” is a draft: put it in force when it is right.")
    messages.success(request, text % {"version": rule.version, "rule": rule.name})
    return redirect("portal:approval-rules")


@login_required
@post_only("portal:approval-rules")
def rule_activate(request: BuyerRequest) -> HttpResponse:
    """Put a version in force, now or from a day on."""
    request.scope.require(Right.MANAGE_COMPANY)
    day = parse_date(request.POST.get("active_from", "") or "-")
    start = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()) if day else None
    version = whole_number(request.POST.get("version"))
    rule = activate_rule(request.scope, request.POST.get("rule", ""), version, by=request.actor, at=start)
    text = _("Version %(version)s of “%(rule)s” counts for new orders.")
    messages.success(request, text % {"version": rule.version, "rule": rule.name})
    return redirect("portal:approval-rules")


@login_required
@post_only("portal:approval-rules")
def rule_end(request: BuyerRequest) -> HttpResponse:
    """Let a rule ask no more."""
    request.scope.require(Right.MANAGE_COMPANY)
    version = whole_number(request.POST.get("version"))
    end_rule(request.scope, request.POST.get("rule", ""), version=version, by=request.actor)
    messages.success(request, _("The rule asks for no approvals any more."))
    return redirect("portal:approval-rules")


def _page(
    request: BuyerRequest, form: RuleForm, *, preview: Preview | None = None, status: int = 200
) -> HttpResponse:
    views = rule_views(request.scope, timezone.now())
    context = {
        "rows": rule_rows(views, request.scope),
        "form": form,
        "preview": preview,
        "openable": numbers_seen(request.scope, preview.stopped) if preview else [],
    }
    return render(request, "portal/approvals/rules.html", context, status=status)
