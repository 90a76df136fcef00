"""Who administers a customer, and inviting its first administrator again, from the customer's page in the back office."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.actions.first_administrator import invite_administrator_again
from accounts.models import Company
from accounts.people import is_over
from accounts.queries.administrators import all_administrators_of, all_waiting_administrator_of
from accounts.queries.members import all_members_of
from portal.admin.customers import numbers_for
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown

RIGHT = "accounts.decide_registration"


def _company(request: HttpRequest, company_id: int) -> Company:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    company: Company | None = numbers_for(request).filter(pk=company_id).first()
    if company is None:
        raise Http404
    return company


@shown
def _page(request: HttpRequest, company_id: int) -> HttpResponse:
    company = _company(request, company_id)
    context = {"company": company, **administered(company)}
    return admin_page(
        request, "admin/accord/accounts/administrator.html", title=_("Administrator"), context=context
    )


@refusing(_page)
def administrator_page(request: HttpRequest, company_id: int) -> HttpResponse:
    """Show who may invite people into a customer; where nobody may, send the invitation of the first one again."""
    company = _company(request, company_id)
    if request.method != "POST":
        return _page(request, company_id)
    made = invite_administrator_again(company, by=request.actor)  # type: ignore[attr-defined]
    messages.success(
        request, _("Invited %(email)s again. The link of before opens nothing more.") % {"email": made.email}
    )
    return redirect("admin:accounts_company_change", company_id)


def administered(company: Company) -> dict[str, object]:
    """Who administers a customer, for templates; the invitation only where nobody does."""
    everybody = all_administrators_of(company)
    # Who manages from above belongs to another customer, which not everybody who sees this one meets.
    here = set(all_members_of(company).filter(company=company).values_list("user_id", flat=True))
    people = [one for one in everybody if one.pk in here]
    invitation = None if everybody else all_waiting_administrator_of(company)
    return {
        "is_administered": bool(everybody),
        "administrators": people[:5],
        "more_administrators": max(len(people) - 5, 0),
        "invitation": invitation,
        "is_over": invitation is not None and is_over(invitation),
    }
