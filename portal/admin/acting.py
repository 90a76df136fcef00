"""Asking to act for a buyer, from the customer's page in the back office."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.assistance import SHORTEST_REASON, Wish, start_assistance
from accounts.assistance import LONGEST_MINUTES, NEVER
from accounts.customers import Customers
from accounts.models import Company
from accounts.queries.members import all_members_of, grants_of_member, with_composed
from accounts.states import Depth
from portal.admin.customers import customers_for, numbers_for
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.middleware import ASSISTANCE

RIGHT = "accounts.add_assistance"


class ActingForm(forms.Form):
    """For whom, why, and for how long."""

    person = forms.TypedChoiceField(label=gettext_lazy("Person"), coerce=int)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        min_length=SHORTEST_REASON,
        help_text=gettext_lazy("The customer can read it."),
    )
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("For"),
        coerce=int,
        initial=60,
        choices=[(15, "15 min"), (60, "1 h"), (120, "2 h"), (LONGEST_MINUTES, "4 h")],
    )

    def of(self, company: Company, customers: Customers) -> "ActingForm":
        """The form with the people to choose from: of the company, and those above who act here and are met there."""
        members = with_composed(all_members_of(company).filter(customers.of("company")))
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            (member.user_id, f"{member.user} · {member.user.email}")
            for member in members
            if member.company_id == company.pk or Depth.BELOW in grants_of_member(member).values()
        ]
        return self


def _company(request: HttpRequest, company_id: int) -> Company:
    company: Company | None = numbers_for(request).filter(pk=company_id).first()
    if company is None:
        raise Http404
    return company


@shown
def _page(request: HttpRequest, company_id: int) -> HttpResponse:
    company = _company(request, company_id)
    form = ActingForm(request.POST or None, initial={"person": request.GET.get("person")})
    form = form.of(company, customers_for(request))
    status = 422 if form.is_bound and not form.is_valid() else 200
    context = {"company": company, "form": form, "never": [right.label for right in sorted(NEVER)]}
    title = _("Act for a buyer")
    return admin_page(request, "admin/accord/staff/acting.html", title=title, context=context, status=status)


@refusing(_page)
def acting_page(request: HttpRequest, company_id: int) -> HttpResponse:
    """Begin to act for somebody of an own customer; the portal says so on every page (ACC-16)."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    company = _company(request, company_id)
    form = ActingForm(request.POST or None).of(company, customers_for(request))
    if request.method != "POST" or not form.is_valid():
        return _page(request, company_id)
    asked = form.cleaned_data
    wish = Wish(asked["person"], asked["reason"], asked["minutes"])
    made = start_assistance(company, wish, by=request.actor)  # type: ignore[attr-defined]
    request.session[ASSISTANCE] = made.pk
    return redirect("portal:home")
