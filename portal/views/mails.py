"""The page of the demo that lists the mails it sent. It does not exist outside demo and development."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.outgoing_mail import Mail, mail_called, mails_in


def mail_list(request: HttpRequest) -> HttpResponse:
    """Every mail this installation wrote, newest first."""
    return render(request, "portal/mails/list.html", {"mails": mails_in(_folder())})


def mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as text, with links that work."""
    return render(request, "portal/mails/detail.html", {"mail": _mail(name)})


def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as a mail program shows it, in a page that may do nothing."""
    response = HttpResponse(_mail(name).html)
    response._csp_config = {  # type: ignore[attr-defined]
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "sandbox": ["allow-popups"],
    }
    return response


def _mail(name: str) -> Mail:
    mail = mail_called(_folder(), name)
    if mail is None:
        raise Http404(_("There is no such mail."))
    return mail


def _folder() -> Path:
    if not (settings.DEMO or settings.DEBUG):
        raise Http404(_("Only the demo lists its mails."))
    return Path(settings.EMAIL_FILE_PATH)
