"""The start page and the company switch."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from accounts.listing import COUNTED, Counted, counts
from accounts.models.proposal import Proposal
from accounts.queries.proposed import release_count, to_release
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
from portal.views.replies import post_only
from quotes.queries.offers import QuoteRow, open_count, quote_rows, waiting_count, waiting_quotes

ROWS = 8
NONE = Counted(0)


@dataclass(frozen=True)
class Desk:
    """All that the start page shows of the acting company, by what the person may see.

    Every figure is that of the list it leads to (ACC-14); None where the person sees no such list.
    quotes: those that wait for this person's answer; quote_count: all open ones that may be seen.
    returned: orders of one's own that came back. approvals, releases, quotes, due: the first of them; the counts are
    of all.
    """

    orders: OpenOrders
    returned: list[Order]
    approvals: list[tuple[Order, str]]
    approval_count: Counted | None
    releases: list[Proposal]
    release_count: Counted
    quotes: list[QuoteRow]
    quote_count: Counted | None
    answer_count: Counted
    credit: CreditOutlook | None
    balance: Balance | None
    due: list[Invoice]
    due_count: Counted
    budgets: list[BudgetState]

    @property
    def waiting(self) -> Counted:
        """How many things wait for this person."""
        own = self.answer_count + self.release_count + Counted(len(self.returned))
        return (self.approval_count or NONE) + own


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
    manages = scope.may(Right.MANAGE_COMPANY)
    waiting = approvals_for(scope)
    quote_count = open_count(scope) if sees_quotes else None
    quotes = list(waiting_quotes(scope)[:ROWS]) if quote_count else []
    releases = to_release(scope, most=ROWS) if manages else []
    return Desk(
        orders=open_orders(scope, limit=ROWS),
        returned=list(returned_to(scope)[:ROWS]),
        approvals=[(order, reason_in(scope, order)) for order in waiting[:ROWS]] if approves else [],
        approval_count=counts({"waiting": waiting})["waiting"] if approves else None,
        releases=releases,
        release_count=Counted(len(releases)) if len(releases) < ROWS else release_count(scope, most=COUNTED),
        quotes=quote_rows(quotes),
        answer_count=Counted(len(quotes)) if len(quotes) < ROWS else waiting_count(scope),
        quote_count=quote_count,
        credit=credit_outlook(scope, ZERO) if sees_prices and "credit" in features else None,
        balance=balance_of(scope) if sees_invoices else None,
        due=due_invoices(scope, limit=ROWS) if sees_invoices else [],
        due_count=due_count(scope) if sees_invoices else NONE,
        budgets=budget_states(scope) if sees_prices else [],
    )


@login_required
@post_only("portal:home")
def switch_company(request: BuyerRequest) -> HttpResponse:
    """Act for another company that the person has rights in (ACC-12)."""
    chosen = acting_by_number(request.user.pk, request.POST.get("company", ""))
    if chosen is None:
        raise NotFound(_("There is no such company."))
    request.session[ACTING_COMPANY] = chosen.company.pk
    return redirect("portal:home")
