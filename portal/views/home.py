"""The start page and the company switch."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.queries.scopes import acting_by_number
from accounts.scope import Scope
from accounts.states import Right
from core.days import erp_today
from core.errors import NotFound
from core.money import ZERO
from orders.models import Invoice, Order
from orders.queries.credit import CreditOutlook, credit_outlook
from orders.queries.invoices import Balance, balance_of, due_invoices
from orders.queries.orders import approvals_for
from orders.queries.overview import OpenOrders, open_orders
from portal.features import ages_of
from portal.middleware import ACTING_COMPANY, BuyerRequest
from portal.views.approvals import reason_of
from quotes.queries.offers import QuoteRow, quote_rows, quotes_for
from quotes.states import BuyerView, QuoteStatus

ROWS = 8


@dataclass(frozen=True)
class Desk:
    """All that the start page shows of the acting company, by what the person may see."""

    orders: OpenOrders
    approvals: list[tuple[Order, str]]
    quotes: list[QuoteRow]
    credit: CreditOutlook
    balance: Balance
    due: list[Invoice]

    @property
    def waiting(self) -> int:
        """How many things wait for this person."""
        return len(self.approvals) + len(self.quotes)


@login_required
def home(request: BuyerRequest) -> HttpResponse:
    """What waits for this person, what is open, and what is left of the credit; staff work in the back office."""
    if request.scope.is_empty and getattr(request.user, "is_staff", False):
        return redirect("admin:index")
    desk = None if request.scope.is_empty else desk_of(request.scope, features=ages_of(request).features)
    return render(request, "portal/home.html", {"desk": desk, "today": erp_today()})


def desk_of(scope: Scope, *, features: frozenset[str]) -> Desk:
    """The start page of a person in the acting company, in a constant number of statements."""
    may_answer = scope.may(Right.BUY) and "quotes" in features
    sent = quotes_for(scope).filter(status=QuoteStatus.SENT)[:ROWS] if may_answer else []
    return Desk(
        orders=open_orders(scope, limit=ROWS),
        approvals=[(order, reason_of(order)) for order in approvals_for(scope)[:ROWS]],
        quotes=[row for row in quote_rows(sent) if row.view == BuyerView.WAITING],
        credit=credit_outlook(scope, ZERO),
        balance=balance_of(scope),
        due=list(due_invoices(scope)[:5]),
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
