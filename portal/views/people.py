"""People of a company: who is here, who is invited, which roles there are; and joining by an invitation."""

from typing import Any
from urllib.parse import urlencode

from allauth.core.internal.ratelimit import consume
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import people
from accounts.actions import invitations, members, roles
from accounts.actions.managers import name_manager
from accounts.models import CompanyRole, Membership, User
from accounts.queries.companies import acting_company, company_in
from accounts.queries.connections import all_connection_of, connections_for
from accounts.queries.members import grants_of_member
from accounts.states import BRINGS, RIGHTS, Depth, Right, Role
from core.errors import DomainError, InvalidValue, NotAllowed
from portal.attempts import is_one_too_many
from portal.forms.numbers import whole_number
from portal.forms.people import (
    InviteForm,
    JoinForm,
    ManagerForm,
    PlaceForm,
    RoleForm,
    grants_in_words,
    place_of,
)
from portal.middleware import ACTING_COMPANY, BuyerRequest
from portal.views.replies import move_on, post_only, show_again

PAGE = 50
# Each is a mail to an address that somebody has typed: enough for a whole company in a day, not for a flood of a box.
BY_PERSON = {"invite": "100/h/user,400/d/user"}
BY_ADDRESS = {"invite_mail": "5/h/key,10/d/key"}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_required
def member_list(request: BuyerRequest) -> HttpResponse:
    """Everybody who works for the companies that this person looks after."""
    request.scope.require(Right.MANAGE_PEOPLE)
    text, unit = request.GET.get("q", ""), request.GET.get("unit", "")
    found = people.search_members(request.scope, text=text, unit=unit)
    units = people.units_of(request.scope, Right.MANAGE_PEOPLE)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": urlencode({key: value for key, value in (("q", text), ("unit", unit)) if value}) + "&",
        "text": text,
        "unit": unit,
        "units": units,
        "parents": {unit.parent_id for unit in units},
        "invitations": people.invitations_for(request.scope),
        "connections": connections_for(request.scope),
    }
    return render(request, "portal/people/list.html", context)


@login_required
def invite(request: BuyerRequest) -> HttpResponse:
    """Ask somebody to join (ACC-07)."""
    request.scope.require(Right.MANAGE_PEOPLE)
    units = people.units_of(request.scope, Right.MANAGE_PEOPLE)
    form = InviteForm(
        request.POST or None,
        units=[(unit.number, unit.name) for unit in units],
        own_roles=people.roles_for(request.scope),
        initial={"unit": request.scope.company_number},
    )
    if request.method == "POST" and form.is_valid() and _has_room(request, form):
        company = company_in(request.scope, form.cleaned_data["unit"])
        try:
            sent = invitations.invite_member(
                company, form.cleaned_data["email"], form.cleaned_data["name"], form.place(), by=request.actor
            )
        except DomainError as error:
            form.add_error(_field(form, error), str(error))
        else:
            messages.success(request, _("%(email)s is invited and gets a mail now.") % {"email": sent.email})
            return move_on(request, "portal:member-list")
    context = {"form": form, "own": request.scope.depths}
    if form.is_bound:
        return show_again(request, "portal/people/invite.html", context)
    return render(request, "portal/people/invite.html", context)


def _has_room(request: BuyerRequest, form: InviteForm) -> bool:
    """Whether this person may send one more invitation now, and this address get one; the form says it if not."""
    address = f"{request.scope.company_id}:{form.cleaned_data['email'].lower()}"
    if consume(request, app="accord", action="invite", config=BY_PERSON, user=request.user) and consume(
        request, app="accord", action="invite_mail", config=BY_ADDRESS, key=address
    ):
        return True
    form.add_error(None, _("There were many invitations just now. Please go on with this one in an hour."))
    return False


@login_required
def member_detail(request: BuyerRequest, pk: int) -> HttpResponse:
    """One member: what he or she may do and why, and the form that changes it."""
    request.scope.require(Right.MANAGE_PEOPLE)
    member = people.member_in(request.scope, pk)
    form = PlaceForm(
        request.POST or None, own_roles=people.roles_for(request.scope), initial=place_of(member)
    )
    if request.method == "POST" and form.is_valid():
        try:
            version = whole_number(request.POST.get("version"))
            members.change_member(member, form.place(), version=version, by=request.actor)
        except (InvalidValue, NotAllowed) as error:
            form.add_error(_field(form, error), str(error))
        else:
            messages.success(request, _("What %(name)s may do is changed.") % {"name": member.user})
            return move_on(request, "portal:member-detail", pk)
    ended = None if member.is_active else people.ending_of(member)
    context = {
        "member": member,
        "ended": ended,
        "ended_by": people.names_of_people({ended.user_id or 0}).get(ended.user_id or 0, "") if ended else "",
        "form": form,
        "explained": explained(member),
        "is_self": member.user_id == request.user.pk,
        "over": ManagerForm(member=member),
    }
    if form.is_bound:
        return show_again(request, "portal/people/detail.html", context)
    return render(request, "portal/people/detail.html", context)


@login_required
@post_only("portal:member-detail")
def member_manager(request: BuyerRequest, pk: int) -> HttpResponse:
    """Say who is a member's manager, or that nobody is."""
    request.scope.require(Right.MANAGE_PEOPLE)
    member = people.member_in(request.scope, pk)
    form = ManagerForm(request.POST, member=member)
    if not form.is_valid():
        raise InvalidValue(_("Choose one of the people who may approve here."), field="manager")
    version = whole_number(request.POST.get("version"))
    named = name_manager(member, form.cleaned_data["manager"], version=version, by=request.actor)
    text = _("%(manager)s is the manager of %(name)s.") if named.manager_id else _("%(name)s has no manager.")
    messages.success(request, text % {"manager": named.manager, "name": member.user})
    return move_on(request, "portal:member-detail", pk)


@login_required
@post_only("portal:member-detail")
def member_end(request: BuyerRequest, pk: int) -> HttpResponse:
    """Take a member's access away."""
    member = members.end_membership(
        people.member_in(request.scope, pk), reason=request.POST.get("reason", ""), by=request.actor
    )
    messages.success(request, _("%(name)s has no access to this company any more.") % {"name": member.user})
    return move_on(request, "portal:member-detail", pk)


@login_required
@post_only("portal:member-detail")
def member_restore(request: BuyerRequest, pk: int) -> HttpResponse:
    """Give a former member the old place again."""
    member = members.restore_membership(people.member_in(request.scope, pk), by=request.actor)
    messages.success(request, _("%(name)s has access again, as before.") % {"name": member.user})
    return move_on(request, "portal:member-detail", pk)


@login_required
@post_only("portal:member-list")
def invitation_withdraw(request: BuyerRequest, key: str) -> HttpResponse:
    """Take an invitation back."""
    invitation = people.invitation_in(request.scope, str(key))
    gone = invitations.withdraw_invitation(str(invitation.key), by=request.actor)
    messages.success(
        request, _("The invitation of %(email)s opens nothing any more.") % {"email": gone.email}
    )
    return move_on(request, "portal:member-list")


@login_required
def role_list(request: BuyerRequest) -> HttpResponse:
    """The roles that can be given: ready-made ones and the company's own."""
    request.scope.require(Right.MANAGE_PEOPLE)
    rows = [(role, grants_in_words(role.grants)) for role in people.roles_for(request.scope)]
    form = PlaceForm(own_roles=[])
    return render(request, "portal/people/roles.html", {"rows": rows, "ready": form.options()})


@login_required
def role_new(request: BuyerRequest) -> HttpResponse:
    """Compose a role."""
    return _role_page(request, None)


@login_required
def role_detail(request: BuyerRequest, pk: int) -> HttpResponse:
    """Change a role of one's own company."""
    return _role_page(request, people.role_in(request.scope, pk))


@login_required
@post_only("portal:role-list")
def role_remove(request: BuyerRequest, pk: int) -> HttpResponse:
    """Remove a role that nobody has."""
    role = people.role_in(request.scope, pk)
    roles.remove_role(role, by=request.actor)
    messages.success(request, _("The role %(name)s is gone.") % {"name": role.name})
    return move_on(request, "portal:role-list")


def _role_page(request: BuyerRequest, role: CompanyRole | None) -> HttpResponse:
    request.scope.require(Right.MANAGE_PEOPLE)
    first: dict[str, Any] = {"name": role.name if role else ""}
    first |= {f"right_{right}": depth for right, depth in (role.grants if role else {}).items()}
    form = RoleForm(request.POST or None, own=request.scope.depths, initial=first)
    if request.method == "POST" and form.is_valid():
        company = acting_company(request.scope)
        try:
            made = roles.compose_role(
                company, form.cleaned_data["name"], form.grants(), role=role, by=request.actor
            )
        except DomainError as error:
            form.add_error(_field(form, error), str(error))
        else:
            messages.success(request, _("The role %(name)s is saved.") % {"name": made.name})
            return move_on(request, "portal:role-list")
    context = {"form": form, "role": role, "holders": role.memberships.count() if role else 0}
    if form.is_bound:
        return show_again(request, "portal/people/role.html", context)
    return render(request, "portal/people/role.html", context)


@never_cache
def join(request: HttpRequest, word: str) -> HttpResponse:
    """The page that the link of an invitation opens; it works for one person once."""
    try:
        invitation = invitations.open_invitation(word)
    except DomainError as error:
        if is_one_too_many(request, "join", most=10, seconds=300):
            return render(request, "429.html", status=429)
        return render(request, "portal/people/join_over.html", {"reason": str(error)}, status=404)
    user = request.user if isinstance(request.user, User) else None
    known = people.has_sign_in(invitation.email)
    form = JoinForm(request.POST or None, initial={"name": invitation.name})
    context = {
        "invitation": invitation,
        "form": form,
        "is_known": known,
        "word": word,
        "connection": all_connection_of(invitation.email),
    }
    if request.method == "POST" and (user is not None or form.is_valid()):
        typed = form.cleaned_data if user is None else {}
        try:
            person = invitations.accept_invitation(
                word,
                name=typed.get("name", ""),
                password=typed.get("password", ""),
                user=user,
                by=request.actor,  # type: ignore[attr-defined]
            )
        except InvalidValue as error:
            form.add_error(_field(form, error), str(error))
        except DomainError as error:
            messages.error(request, str(error))
            return render(request, "portal/people/join.html", context, status=409)
        else:
            if user is None:
                login(request, person, BACKEND)
            request.session[ACTING_COMPANY] = invitation.company_id
            return redirect("portal:home")
    return render(request, "portal/people/join.html", context, status=422 if form.errors else 200)


def explained(member: Membership) -> list[tuple[str, str, str]]:
    """What a member may do here, each right in words, with how deep it goes and by which role (ACC-05)."""
    sources: dict[str, list[str]] = {}
    named = [(str(Role(role).label), RIGHTS[role]) for role in member.roles if role in RIGHTS]
    named += [(role.name, role.grants) for role in member.own_roles.all()]
    for name, grants in named:
        for right in [*grants, *(more for held in grants for more in BRINGS.get(held, ()))]:
            if name not in sources.setdefault(right, []):
                sources[right].append(name)
    return [
        (str(Right(right).label), str(Depth(depth).label), ", ".join(sources.get(right, [])))
        for right, depth in sorted(grants_of_member(member).items())
    ]


def _field(form: Any, error: DomainError) -> str | None:
    name = str(error.details.get("field", ""))
    return name if name in form.fields else None
