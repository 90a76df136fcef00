"""The data of a person, on a page of the person: handed out, or erased after two confirmations (SEC-15)."""

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from integrations.actions.personal import erase_person, export_person, find_person, open_work_of
from portal.admin.customers import customers_for, person_of
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.forms.personal import EraseForm

RIGHT = "accounts.erase_user"


@shown
def _page(request: HttpRequest, user_id: int) -> HttpResponse:
    person = person_of(user_id)
    is_asked = request.method == "POST" and "erase" in request.POST
    form = EraseForm(request.POST if is_asked else None, person=person)
    context = {
        "person": person,
        "form": form,
        "work": [(item.rows.count(), item.words) for item in open_work_of(person)],
    }
    title = _("Personal data of %(person)s") % {"person": person}
    status = 422 if is_asked and not form.is_valid() else 200
    return admin_page(request, "admin/accord/personal.html", title=title, context=context, status=status)


@refusing(_page)
def personal_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """What is under way in a person's hands, and the two things to do; each is an entry of the audit log."""
    if not (request.user.has_perm(RIGHT) and customers_for(request).is_all):
        raise PermissionDenied
    if request.method == "POST" and "export" in request.POST:
        return _file(request, person_of(user_id))
    if request.method == "POST":
        form = EraseForm(request.POST, person=person_of(user_id))
        if form.is_valid():
            return _erased(request, form, user_id)
    return _page(request, user_id)


def _file(request: HttpRequest, person: User) -> HttpResponse:
    told = json.dumps(export_person(person, by=request.actor), indent=2, ensure_ascii=False)  # type: ignore[attr-defined]
    answer = HttpResponse(told, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="person-{person.pk}.json"'
    return answer


def _erased(request: HttpRequest, form: EraseForm, user_id: int) -> HttpResponse:
    successor = form.cleaned_data["to"]
    to = find_person(successor) if successor else None
    erase_person(person_of(user_id), by=request.actor, to=to)  # type: ignore[attr-defined]
    messages.success(
        request, _("The person's data are erased; documents keep the number %(id)s.") % {"id": user_id}
    )
    return redirect("admin:accounts_user_changelist")
