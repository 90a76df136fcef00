"""Opening a quote that nobody asked for (QTE-19)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.admin.sales.steps import to_quote
from portal.forms.new_quote import NewQuoteForm
from quotes.actions.drafts import start_quote_for
from quotes.queries.desk import buyers_of, customers_at, desk_of


@shown
def choice_page(request: HttpRequest) -> HttpResponse:
    """The own customers; for the chosen one its people and the first lines."""
    customers = customers_at(desk_of(request.user.pk))
    number = request.GET.get("company", "")
    company = customers.filter(number=number).first() if number else None
    if number and company is None:
        raise Http404(_("There is no such company among your customers."))
    buyers = buyers_of(company) if company else []
    form = NewQuoteForm(request.POST or None, buyers=buyers)
    context = {"customers": customers, "company": company, "buyers": buyers, "form": form}
    status = 422 if form.is_bound and not form.is_valid() else 200
    return admin_page(
        request, "admin/accord/sales/new_quote.html", title=_("New quote"), context=context, status=status
    )


@refusing(choice_page)
def new_page(request: HttpRequest) -> HttpResponse:
    """Choose customer and buyer, then begin."""
    company = customers_at(desk_of(request.user.pk)).filter(number=request.GET.get("company", "")).first()
    if request.method != "POST" or company is None:
        return choice_page(request)
    form = NewQuoteForm(request.POST, buyers=buyers_of(company))
    if not form.is_valid():
        return choice_page(request)
    quote = start_quote_for(company, form.buyer, form.cleaned_data["lines"], by=request.actor)  # type: ignore[attr-defined]
    messages.success(
        request, _("Quote %(number)s begins at the customer's usual prices.") % {"number": quote.number}
    )
    return to_quote(quote.number)
