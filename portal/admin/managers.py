"""Who is whose manager, named by the staff for a customer who asked for it, on a page of the person."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.managers import STAFF_RIGHT, name_manager_for
from accounts.customers import memberships_at
from accounts.models import Membership
from core.errors import InvalidValue
from portal.admin.customers import customers_for
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.forms.numbers import whole_number
from portal.forms.people import ManagerForm


class ReasonedManagerForm(ManagerForm):
    """The manager of a member, and why the staff names one."""

    reason = forms.CharField(
        label=gettext_lazy("Why, and who of the customer wants it"), max_length=300, required=True
    )


def _members(request: HttpRequest, user_id: int) -> list[Membership]:
    """The active memberships of a person with the staff's own customers."""
    rows = memberships_at(customers_for(request)).filter(user_id=user_id, is_active=True)
    found = list(rows.select_related("user", "company", "manager").order_by("company__name", "pk"))
    if not found:
        raise Http404
    return found


@shown
def _page(request: HttpRequest, user_id: int) -> HttpResponse:
    members = _members(request, user_id)
    context = {
        "person": members[0].user,
        "rows": [(member, ReasonedManagerForm(member=member)) for member in members],
    }
    title = _("Managers of %(person)s") % {"person": members[0].user}
    return admin_page(request, "admin/accord/staff/managers.html", title=title, context=context)


@refusing(_page)
def managers_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """Whom approval rules mean by the manager of somebody, in each company he or she works for (APR-01)."""
    if not request.user.has_perm(STAFF_RIGHT):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, user_id)
    key = whole_number(request.POST.get("member"))
    member = next((one for one in _members(request, user_id) if one.pk == key), None)
    if member is None:
        raise Http404
    form = ReasonedManagerForm(request.POST, member=member)
    if not form.is_valid():
        raise InvalidValue(" ".join(str(error) for errors in form.errors.values() for error in errors))
    data, version = form.cleaned_data, whole_number(request.POST.get("version"))
    name_manager_for(
        member,
        data["manager"],
        version=version,
        reason=data["reason"],
        by=request.actor,  # type: ignore[attr-defined]
    )
    messages.success(request, _("The manager of %(person)s is named.") % {"person": member.user})
    return redirect("admin:accounts_user_managers", user_id)
