"""What may this person do here, and why: for people of customers in a company, and for the staff."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.customers import explained_meeting
from accounts.models import Company, User
from accounts.queries.explained import all_explained_rights, all_permission_names
from accounts.queries.people import all_people
from accounts.staff import ALL_CUSTOMERS, AREAS, DOES, PARTNER, ROLES, SALES, SEES, excluded_by, roles_of
from accounts.states import Right
from portal.admin.customers import numbers_for, people_for
from portal.admin.pages import admin_page
from portal.forms.explained import WhoForm

RIGHT = "accounts.view_user"
# What the name of the row does not tell.
SAID = {"accounts.add_assistance": gettext_lazy("act for buyers")}
VERBS = {"add": gettext_lazy("make"), "change": gettext_lazy("change"), "delete": gettext_lazy("delete")}
WHOSE = {
    SALES: gettext_lazy(
        "those he or she looks after or is lent a right on, and branches that nobody else looks after"
    ),
    PARTNER: gettext_lazy("those that the access names"),
}


def rights_page(request: HttpRequest) -> HttpResponse:
    """The verdict on each right with its origin, and for a no what would give it (ACC-05, SEC-12)."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    asked = "person" in request.GET
    companies = numbers_for(request)
    people = all_people().filter(Q(pk__in=people_for(request).values("pk")) | Q(pk=request.user.pk))
    form = WhoForm(request.GET if asked else None, people=people, companies=companies)
    context: dict[str, Any] = {"form": form, "companies": companies.order_by("number")[:500]}
    if asked and form.is_valid():
        person, company = form.cleaned_data["person"], form.cleaned_data["company"]
        context |= {"person": person, "company": company}
        context |= (
            {"found": all_explained_rights(person, company), "labels": dict(Right.choices)} if company else {}
        )
        context |= _of_staff(person, company) if person.is_staff else {}
    status = 422 if asked and not form.is_valid() else 200
    title = _("What may this person do here, and why")
    return admin_page(request, "admin/accord/staff/rights.html", title=title, context=context, status=status)


def _of_staff(person: User, company: Company | None) -> dict[str, Any]:
    """Duties: what each role gives, what another one would, and which may not come to them."""
    roles = roles_of(person)
    named = [role for role in ROLES if role in roles]
    areas = [(area, [role for role in named if area in SEES[role]], _others(area, roles)) for area in AREAS]
    does = [(role, in_words(DOES[role])) for role in named if DOES[role]]
    whose = [(role, whose_customers(role)) for role in named]
    return {
        "staff": {
            "roles": named,
            "areas": areas,
            "does": does,
            "whose": whose,
            "excluded": excluded_by(roles),
            "meets": explained_meeting(person, company) if company else None,
            "is_over": person.access_until is not None and not roles,
        }
    }


def in_words(labels: Iterable[str]) -> list[str]:
    """Permissions as people say them: of each kind of thing what may be done with it, then what has a name of its own."""
    kinds: dict[str, list[str]] = {}
    named = []
    for label in sorted(labels):
        app, codename = label.split(".")
        verb, _bar, model = codename.partition("_")
        if label not in SAID and verb in VERBS and model in apps.all_models[app]:
            kinds.setdefault(str(apps.get_model(app, model)._meta.verbose_name_plural), []).append(verb)
        else:
            named.append(label)
    told = [
        f"{kind}: {', '.join(str(VERBS[verb]) for verb in VERBS if verb in verbs)}"
        for kind, verbs in sorted(kinds.items())
    ]
    names = all_permission_names(named)
    return [*told, *(str(SAID.get(one) or names.get(one, one).removeprefix("Can ")) for one in named)]


def whose_customers(role: str) -> Any:
    """The customers that a role of the staff meets."""
    return gettext_lazy("every customer") if role in ALL_CUSTOMERS else WHOSE.get(role, "–")


def duties_of(person: User) -> list[tuple[str, Any, str]]:
    """The roles of somebody of the staff: each with whose customers it meets and which parts it sees."""
    held = roles_of(person)
    return [
        (role, whose_customers(role), ", ".join(area for area in AREAS if area in SEES[role]))
        for role in ROLES
        if role in held
    ]


def _others(area: str, roles: frozenset[str]) -> list[str]:
    """The roles that would show an area, as far as nothing that the person holds excludes them."""
    shut = {role for role, _pair, _why in excluded_by(roles)}
    return [role for role in ROLES if area in SEES[role] and role not in roles and role not in shut]
