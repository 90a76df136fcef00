"""The roles of a person of the staff, on a page of the person."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.staff import (
    LONGEST_DAYS,
    Access,
    assign_staff_roles,
    end_partner_access,
    grant_partner_access,
    let_partner_in,
)
from accounts.queries.people import all_partners
from accounts.staff import AREAS, DOES, FORBIDDEN, INTEGRATION_ADMIN, ROLES, SEES, is_in, roles_of
from portal.admin.customers import person_of
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.forms.staff import RolesForm


class AccessForm(forms.Form):
    """For how long, for which customers, and why."""

    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=LONGEST_DAYS, initial=14)
    customers = forms.CharField(
        label=gettext_lazy("Customer numbers"),
        required=False,
        help_text=gettext_lazy("With commas between. None: no customer at all."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def access(self) -> Access:
        """What was typed, for the action. Only after is_valid()."""
        data = self.cleaned_data
        numbers = [number.strip() for number in data["customers"].split(",")]
        return Access(data["days"], tuple(filter(None, numbers)), data["reason"])


class PartnerForm(AccessForm):
    """Who is let in, besides."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    field_order = ("email", "name", "days", "customers", "reason")


RIGHT = "accounts.assign_staff_roles"


@shown
def _page(request: HttpRequest, user_id: int) -> HttpResponse:
    person = person_of(user_id)
    form = RolesForm(request.POST or None, initial={"roles": sorted(roles_of(person))})
    status = 422 if form.is_bound and not form.is_valid() else 200
    context = {
        "person": person,
        "form": form,
        "roles": ROLES,
        "matrix": [(area, [area in SEES[role] for role in ROLES]) for area in AREAS],
        "does": [(role, sorted(DOES[role])) for role in ROLES],
        "pairs": [(sorted(pair, key=ROLES.index), why) for pair, why in FORBIDDEN.items()],
    }
    title = _("Roles of %(person)s") % {"person": person}
    return admin_page(request, "admin/accord/staff/roles.html", title=title, context=context, status=status)


@refusing(_page)
def roles_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """Which duties somebody has; whoever may give roles changes them here (SEC-12)."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    form = RolesForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, user_id)
    person = assign_staff_roles(person_of(user_id), form.cleaned_data["roles"], by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("The roles of %(person)s are set.") % {"person": person})
    return redirect("admin:accounts_user_roles", user_id)


@shown
def _access(request: HttpRequest, user_id: int) -> HttpResponse:
    person = person_of(user_id)
    known = {"customers": ", ".join(person.access_customers), "reason": person.access_reason}
    form = AccessForm(None if _ends(request) else request.POST or None, initial=known)
    status = 422 if form.is_bound and not form.is_valid() else 200
    is_open = person.access_until is not None and person.access_until > timezone.now()
    context = {"person": person, "form": form, "is_open": is_open}
    title = _("Partner access of %(person)s") % {"person": person}
    return admin_page(request, "admin/accord/staff/partner.html", title=title, context=context, status=status)


def _ends(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("do") == "end"


@refusing(_access)
def partner_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let a partner in for a time, renew it, or end it now (SEC-11)."""
    if not is_in(request.user, INTEGRATION_ADMIN):  # type: ignore[arg-type]
        raise PermissionDenied
    if _ends(request):
        person = end_partner_access(person_of(user_id), reason=request.POST.get("why", ""), by=request.actor)  # type: ignore[attr-defined]
        messages.success(request, _("The access of %(person)s has ended.") % {"person": person})
        return redirect("admin:accounts_user_partner", user_id)
    form = AccessForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _access(request, user_id)
    person = grant_partner_access(person_of(user_id), form.access(), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("%(person)s is let in.") % {"person": person})
    return redirect("admin:accounts_user_partner", user_id)


@shown
def _partners(request: HttpRequest) -> HttpResponse:
    form = PartnerForm(request.POST or None)
    status = 422 if form.is_bound and not form.is_valid() else 200
    context = {"partners": list(all_partners()), "now": timezone.now(), "form": form}
    return admin_page(
        request, "admin/accord/staff/partners.html", title=_("Partner access"), context=context, status=status
    )


@refusing(_partners)
def partners_page(request: HttpRequest) -> HttpResponse:
    """Who from outside is let in, until when and for whom; and a form to let somebody in (SEC-11)."""
    if not is_in(request.user, INTEGRATION_ADMIN):  # type: ignore[arg-type]
        raise PermissionDenied
    form = PartnerForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _partners(request)
    data = form.cleaned_data
    person = let_partner_in(data["email"], data["name"], form.access(), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("%(person)s is let in.") % {"person": person})
    return redirect("admin:accounts_user_partners")
