"""The start page and the company switch."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.listing import Counted, counts
from accounts.queries.scopes import acting_by_number
from accounts.scope import Scope
from accounts.states import Right
from core.days import erp_today
from core.errors import NotFound
from core.money import ZERO
from orders.models import Invoice, Order
from orders.queries.budget import BudgetState, budget_states
from orders.queries.credit import CreditOutlook, credit_outlook
from orders.queries.invoices import Balance, balance_of, due_count, due_invoices
from orders.queries.orders import approvals_for
from orders.queries.overview import OpenOrders, open_orders, returned_to
from portal.features import ages_of
from portal.middleware import ACTING_COMPANY, BuyerRequest
from portal.views.approvals import reason_in
from quotes.queries.offers import QuoteRow, quote_rows, waiting_count, waiting_quotes

ROWS = 8
NONE = Counted(0)


@dataclass(frozen=True)
class Desk:
    """All that the start page shows of the acting company, by what the person may see.

    Every figure is that of the list it leads to (ACC-14); None where the person sees no such list.
    returned: orders of one's own that came back. approvals, quotes, due: the first of them; the counts are of all.
    """

    orders: OpenOrders
    returned: list[Order]
    approvals: list[tuple[Order, str]]
    approval_count: Counted | None
    quotes: list[QuoteRow]
    quote_count: Counted | None
    credit: CreditOutlook | None
    balance: Balance | None
    due: list[Invoice]
    due_count: Counted
    budgets: list[BudgetState]
    may_answer: bool

    @property
    def waiting(self) -> Counted:
        """How many things wait for this person."""
        answers = self.quote_count if self.may_answer else None
        return (self.approval_count or NONE) + (answers or NONE) + Counted(len(self.returned))


@login_required
def home(request: BuyerRequest) -> HttpResponse:
    """What waits for this person, what is open, and what is left of the credit; staff work in the back office."""
    if request.scope.is_empty and getattr(request.user, "is_staff", False):
        return redirect("admin:index")
    desk = None if request.scope.is_empty else desk_of(request.scope, features=ages_of(request).features)
    return render(request, "portal/home.html", {"desk": desk, "today": erp_today()})


def desk_of(scope: Scope, *, features: frozenset[str]) -> Desk:
    """The start page of a person in the acting company, in a constant number of statements (ACC-14)."""
    sees_prices = scope.may(Right.VIEW_PRICES)
    sees_quotes = sees_prices and "quotes" in features
    sees_invoices = scope.may(Right.SEE_INVOICES) and "invoices" in features
    approves = scope.may(Right.APPROVE)
    may_answer = scope.may(Right.BUY) and sees_quotes
    waiting = approvals_for(scope)
    return Desk(
        orders=open_orders(scope, limit=ROWS),
        returned=list(returned_to(scope)[:ROWS]),
        approvals=[(order, reason_in(scope, order)) for order in waiting[:ROWS]] if approves else [],
        approval_count=counts({"waiting": waiting})["waiting"] if approves else None,
        quotes=quote_rows(waiting_quotes(scope, limit=ROWS)) if may_answer else [],
        quote_count=waiting_count(scope) if sees_quotes else None,
        credit=credit_outlook(scope, ZERO) if sees_prices and "credit" in features else None,
        balance=balance_of(scope) if sees_invoices else None,
        due=due_invoices(scope, limit=ROWS) if sees_invoices else [],
        due_count=due_count(scope) if sees_invoices else NONE,
        budgets=budget_states(scope) if sees_prices else [],
        may_answer=may_answer,
    )


@login_required
@require_POST
def switch_company(request: BuyerRequest) -> HttpResponse:
    """Act for another company that the person has rights in (ACC-12)."""
    chosen = acting_by_number(request.user.pk, request.POST.get("company", ""))
    if chosen is None:
        raise NotFound(_("There is no such company."))
    request.session[ACTING_COMPANY] = chosen.company.pk
    return redirect("portal:home")
