"""The page behind the link of an approval's mail: after the sign-in it leads to the order, and decides nothing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.queries.scopes import acting_as
from accounts.scope import Scope
from core.errors import NotFound, WrongState
from orders.approval_links import Asked, asked_by
from orders.models import Order
from orders.queries.approval import all_company_of, may_decide
from orders.queries.chains import ChainView, chains_of
from orders.queries.orders import order_by_number
from portal.middleware import ACTING_COMPANY, BuyerRequest


@login_required
@never_cache
@require_GET
def approval_link(request: BuyerRequest, word: str) -> HttpResponse:
    """On to the order that a mail asked about, in the company that it is of; forwarded it opens nothing more."""
    try:
        asked = asked_by(word)
        order, scope = _seen(request, asked)
    except (NotFound, WrongState) as error:
        # Which order it is, is told to nobody who does not see it (failure bank 2).
        reason = str(error) if isinstance(error, WrongState) else _("It leads to nothing that you may see.")
        return render(request, "portal/approvals/link_over.html", {"reason": reason}, status=404)
    told = _told(order, asked, scope)
    if told:
        messages.info(request, told)
    return redirect("portal:order-detail", number=order.number)


def _seen(request: BuyerRequest, asked: Asked) -> tuple[Order, Scope]:
    """The order as this person sees it, acting for its company where the acting one does not show it."""
    try:
        return order_by_number(request.scope, asked.number), request.scope
    except NotFound:
        # Whoever acts for a buyer stays with that buyer.
        if request.scope.assistance_id is not None:
            raise
    acting = acting_as(request.user.pk, all_company_of(asked.number))
    if acting is None:
        raise NotFound(_("There is no such order."))
    order = order_by_number(acting.scope, asked.number)
    request.session[ACTING_COMPANY] = acting.company.pk
    messages.info(request, _("You act for %(company)s now.") % {"company": acting.company.name})
    return order, acting.scope


def _told(order: Order, asked: Asked, scope: Scope) -> str:
    """What has become of the round that the mail was about, "" while it waits for this person."""
    if may_decide(scope, order):
        return ""
    chains = chains_of(order)
    chain = next((one for one in chains if one.request.round == asked.round), None)
    if chain is None or not chains:
        return ""
    if chain.request.state == "open":
        return _still_open(chain)
    if chains[0].request.round != asked.round:
        return _("It was changed and submitted again since that mail: this is how it stands now.")
    if not chain.decisions:
        return _("It does not wait for an approval any more: nothing is left to do.")
    last = chain.decisions[-1]
    return _("%(person)s has decided already: %(outcome)s.") % {
        "person": last.actor_label,
        "outcome": last.get_outcome_display().lower(),
    }


def _still_open(chain: ChainView) -> str:
    people = ", ".join(dict.fromkeys(name for step in chain.steps for name in step.people))
    return _("It does not wait for you, but for %(people)s.") % {"people": people or "–"}
