"""What every request gets: an actor, a scope, and refusals turned into answers."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.assistance import acting_in, assistance_of
from accounts.people import own_company_names
from accounts.queries.connections import all_asked_instead, vouches_for
from accounts.queries.members import memberships_of
from accounts.queries.scopes import scope_for
from accounts.scope import NOTHING, Scope
from accounts.segments import segments_of
from accounts.states import Right
from accounts.vouching import only_way_words
from core import amounts, freshness, refusals
from core.actor import Actor, acting, new_correlation_id
from core.errors import DomainError, NotAllowed, NotFound, OutOfDate, WrongState
from portal.access import is_bound
from portal.kept import kept, names
from portal.openid.marks import VOUCHED_SESSION

Respond = Callable[[HttpRequest], HttpResponse]

ACTING_COMPANY = "acting_company"
ASSISTANCE = "assistance"


class BuyerRequest(HttpRequest):
    """A request with its actor and scope, as views see it."""

    actor: Actor
    scope: Scope
    htmx: Any


def channel_of(path: str) -> str:
    """The door a path belongs to: admin, api or portal."""
    first = path.lstrip("/").split("/", 1)[0]
    return first if first in {"admin", "api"} else "portal"


class ActorMiddleware:
    """Names who acts, in the request, the logs, the history rows and the answer's header."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        signed_in = user.is_authenticated
        request.actor = Actor(  # type: ignore[attr-defined]
            channel=channel_of(request.path),
            label=str(user) if signed_in else "nobody",
            user_id=user.pk if signed_in else None,
            correlation_id=new_correlation_id(),
        )
        timezone.activate(ZoneInfo(user.time_zone if signed_in else settings.ERP_TIME_ZONE))
        with acting(request.actor):  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Correlation-Id"] = request.actor.correlation_id  # type: ignore[attr-defined]
        if request.actor.channel == "admin":  # type: ignore[attr-defined]
            response._csp_config = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        if signed_in:
            # What a signed-in person sees is his or hers alone (failure bank 8).
            response.setdefault("Cache-Control", "private, no-store")
        return response


class ScopeMiddleware:
    """Builds the scope: the acting company is kept on the server and checked each time."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scope = request.scope = self._scope(request)  # type: ignore[attr-defined]
        if scope.company_number:
            actor = request.actor.acting_for(scope.company_number)  # type: ignore[attr-defined]
            buyer: Any = getattr(request, "buyer", None)
            if buyer is not None:
                actor = actor.in_place_of(buyer.pk, str(buyer))
            request.actor = actor  # type: ignore[attr-defined]
            with (
                acting(actor),
                amounts.hidden(not scope.may(Right.VIEW_PRICES)),
                freshness.judged_for(lambda: segments_of(scope.lineage)),
            ):
                return self.get_response(request)
        return self.get_response(request)

    def _scope(self, request: HttpRequest) -> Scope:
        scope = self._asked_scope(request)
        key = request.session.get(VOUCHED_SESSION)
        if key and not scope.is_empty and not vouches_for(key, scope):
            # Whoever runs a provider can sign in as anybody it vouches for: it opens no other company, later either.
            return self._ended(
                request, _("Your company's sign-in opens that company no more, or not at all.")
            )
        instead = None if key or scope.is_empty else self._asked_instead(request, scope)
        return scope if instead is None else self._ended(request, only_way_words(instead))

    def _asked_instead(self, request: HttpRequest, scope: Scope) -> str | None:
        """The name of the sign-in that alone opens the acting company for this person; None where any does."""
        user: Any = request.user
        found: str | None = kept(
            ("asked instead", user.pk, scope.lineage, *names(request, "people")),
            lambda: getattr(all_asked_instead(user, scope), "name", None),
        )
        return found

    def _asked_scope(self, request: HttpRequest) -> Scope:
        if not request.user.is_authenticated:
            return NOTHING
        if channel_of(request.path) == "admin":
            # There he or she is the staff's own again; the pages say that the time still runs.
            running = assistance_of(request.session.get(ASSISTANCE), request.user.pk)
            request.running = running  # type: ignore[attr-defined]
            return NOTHING
        assistance_id = request.session.get(ASSISTANCE)
        if assistance_id is not None:
            return self._in_a_buyers_place(request, assistance_id)
        company_id = request.session.get(ACTING_COMPANY)
        scope = self._kept_scope(request, company_id)
        if not scope.is_empty:
            return scope
        if company_id is not None:
            return self._ended(request, _("Your access to that company has ended."))
        scope = self._first_scope(request)
        if not scope.is_empty:
            request.session[ACTING_COMPANY] = scope.company_id
        return scope

    def _first_scope(self, request: HttpRequest) -> Scope:
        """The first company that this sign-in opens; the first of all where it opens none."""
        first = NOTHING
        for place in memberships_of(int(request.user.pk or 0)):
            scope = scope_for(place.user_id, place.company_id)
            if request.session.get(VOUCHED_SESSION) or self._asked_instead(request, scope) is None:
                return scope
            first = scope if first.is_empty else first
        return first

    def _in_a_buyers_place(self, request: HttpRequest, assistance_id: int) -> Scope:
        """The scope of somebody of the staff who acts for a buyer; looked at anew with every request (ACC-16).

        Over the API nobody acts for a buyer. What is over leaves nothing to act for: the person's own
        companies come back with the next request, so that a form of the buyer's is refused.
        """
        assistance = assistance_of(assistance_id, request.user.pk)
        acting = acting_in(assistance)
        if acting is None:
            del request.session[ASSISTANCE]
            messages.warning(request, _("Your time of acting for a buyer is over; the cart stays as it is."))
            return NOTHING
        if channel_of(request.path) != "portal":
            return NOTHING
        request.assistance, request.buyer = assistance, acting.membership.user  # type: ignore[attr-defined]
        return acting.scope

    def _ended(self, request: HttpRequest, why: object) -> Scope:
        """End the session of somebody whose access to the acting company has ended, or was never vouched for.

        There is no other company to fall back to: nobody is to act for one unawares (failure bank 21).
        """
        logout(request)
        was: Actor = request.actor  # type: ignore[attr-defined]
        nobody = Actor(was.channel, "nobody", correlation_id=was.correlation_id)
        request.actor = nobody  # type: ignore[attr-defined]
        messages.warning(request, _("%(why)s Sign in again to go on.") % {"why": why})
        return NOTHING

    def _kept_scope(self, request: HttpRequest, company_id: int | None) -> Scope:
        """The scope as built since people, memberships and companies last changed."""
        user_id = request.user.pk
        scope: Scope = kept(
            ("scope", user_id, company_id, *names(request, "people")),
            lambda: scope_for(user_id, company_id),
            lambda made: made.until,
        )
        return scope


class RefusalMiddleware:
    """Turns a DomainError of a page into an answer: 404, 409 or 422, with what to do next."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse a form that was shown for another company, or says for none: nothing is done (failure bank 22).

        Nothing of ours has a NUL in its number, name or words, and PostgreSQL holds none: not found.
        """
        if _holds_nul(request):
            raise Http404
        if request.method != "POST" or not request.user.is_authenticated:
            return None  # who is signed out, as of now too, is led to the sign-in where it is needed
        shown_for = request.POST.get("acting_company")
        acting_for = request.scope.mark  # type: ignore[attr-defined]
        if shown_for is None and is_bound(request.resolver_match.view_name):  # type: ignore[union-attr]
            return self.process_exception(
                request,
                OutOfDate(
                    _("That page did not say which company it was open for. Nothing was done: load it again.")
                ),
            )
        if shown_for is None or shown_for == acting_for:
            return None
        return self.process_exception(
            request,
            OutOfDate(
                _(
                    "That page was open for %(shown)s, but you now act for %(acting)s. "
                    "Nothing was done; switch back, or start again here."
                )
                % {"shown": _unit_named(request, shown_for), "acting": _unit_named(request, acting_for)}
            ),
        )

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that raised. Pages of the admin have a translator of their own."""
        if not isinstance(error, DomainError):
            return None
        refusals.keep(error, by=request.actor)  # type: ignore[attr-defined]
        if isinstance(error, NotFound):
            raise Http404(str(error)) from error
        status = status_of(error)
        if getattr(request, "htmx", False):
            return _beside_the_form(render(request, "portal/_refusal.html", {"error": error}, status=status))
        if request.method == "GET":
            return render(request, "portal/refusal.html", {"error": error}, status=status)
        messages.error(request, str(error))
        back = request.headers.get("Referer", "")
        if back.startswith(request.build_absolute_uri("/")):
            return redirect(back)
        return render(request, "portal/refusal.html", {"error": error}, status=status)


def _holds_nul(request: HttpRequest) -> bool:
    texts = [request.path_info]
    for data in (request.GET, request.POST):
        for name, values in data.lists():
            texts += [name, *map(str, values)]
    return any("\0" in text for text in texts)


def _beside_the_form(response: HttpResponse) -> HttpResponse:
    """Show a refusal above the page and leave the form that asked as it was, typed values and all."""
    response["HX-Retarget"] = "#messages"
    response["HX-Reswap"] = "innerHTML show:#messages:top"
    return response


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal, shared by pages and API."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, NotAllowed):
        return 403
    if isinstance(error, (WrongState, OutOfDate)):
        return 409
    return 422


def _unit_named(request: HttpRequest, mark: str) -> str:
    """What a form says of whom it was shown for, with the company's name where the person may know it."""
    number = mark.partition(" #")[0]
    name = own_company_names(request.user.pk, request.scope).get(number, "")  # type: ignore[attr-defined]
    return f"{name} ({mark})" if name else mark or "–"
