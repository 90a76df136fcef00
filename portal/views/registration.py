"""Registration of a company, for strangers: the form, the thanks, and the link that confirms an address.

Every answer is the same whoever asks and whoever is known here. Where the operator has closed registration, there is none.
"""

from typing import Any

from allauth.core.internal.ratelimit import consume
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.actions.registrations import confirm_registration, open_registration, submit_registration
from core.errors import DomainError, InvalidValue
from portal.forms.registration import RegistrationForm

# By network address, so that nobody fills the queue; by e-mail address, so that nobody fills somebody's box.
BY_NETWORK = {"register": "10/10m/ip,40/d/ip"}
BY_ADDRESS = {"register_mail": "3/h/key,6/d/key"}


def _open() -> None:
    if not settings.REGISTRATION_OPEN:
        raise Http404(_("Registration is not open here."))


@never_cache
def register(request: HttpRequest) -> HttpResponse:
    """Ask to become a customer."""
    _open()
    form = RegistrationForm(request.POST or None, asks_consent=bool(settings.PRIVACY_URL))
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    if not consume(request, app="accord", action="register", config=BY_NETWORK):
        form.add_error(
            None,
            _("There were many registrations from your network just now. Please try again in ten minutes."),
        )
        return _page(request, form, status=429)
    asked = form.application(locale=get_language() or settings.LANGUAGE_CODE)
    # Who has got some mails already gets no more for a while; the page says nothing of it.
    has_room = consume(
        request, app="accord", action="register_mail", config=BY_ADDRESS, key=asked.email.strip().lower()
    )
    try:
        submit_registration(asked, is_told=bool(has_room), by=request.actor)  # type: ignore[attr-defined]
    except InvalidValue as error:
        name = str(error.details.get("field", ""))
        form.add_error(name if name in form.fields else None, str(error))
        return _page(request, form)
    return redirect("portal:register-thanks")


def _page(request: HttpRequest, form: RegistrationForm, status: int = 0) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "privacy_url": settings.PRIVACY_URL}
    return render(
        request, "portal/register/form.html", context, status=status or (422 if form.is_bound else 200)
    )


def thanks(request: HttpRequest) -> HttpResponse:
    """What happens now; the same for everybody."""
    _open()
    return render(request, "portal/register/thanks.html")


@never_cache
def confirm(request: HttpRequest, word: str) -> HttpResponse:
    """The page that a link opens. Only its button confirms: programs that look at mails open links."""
    _open()
    try:
        found = open_registration(word)
        if request.method == "POST":
            confirm_registration(word, by=request.actor)  # type: ignore[attr-defined]
            return render(request, "portal/register/confirmed.html", {"registration": found})
    except DomainError as error:
        return render(request, "portal/register/over.html", {"reason": str(error)}, status=404)
    return render(request, "portal/register/confirm.html", {"registration": found})
