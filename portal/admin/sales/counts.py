"""The counts beside the sidebar's entries of sales: what waits for this person."""

from django.http import HttpRequest

from accounts.applicants import waiting_for
from accounts.models import Registration
from accounts.staff import SALES, SALES_MANAGER, is_in
from quotes.queries.desk import Desk, desk_of, rfqs_at
from quotes.queries.work import approvals_waiting
from quotes.states import RfqStatus


def desk_for(request: HttpRequest) -> Desk | None:
    """The desk of the person who asks, None for whoever is not of the sales staff; found once per request."""
    if not hasattr(request, "desk"):
        is_sales = is_in(request.user, SALES, SALES_MANAGER)  # type: ignore[arg-type]
        request.desk = desk_of(request.user.pk) if is_sales else None  # type: ignore[attr-defined]
    found: Desk | None = request.desk  # type: ignore[attr-defined]
    return found


def new_requests(request: HttpRequest) -> int:
    """Requests that nobody has begun on; 0 for whoever is not of the sales staff."""
    desk = desk_for(request)
    return rfqs_at(desk).filter(status=RfqStatus.SUBMITTED).count() if desk else 0


def quotes_to_decide(request: HttpRequest) -> int:
    """Quotes that wait for this manager's approval; 0 for everybody else."""
    desk = desk_for(request)
    return approvals_waiting(desk) if desk and desk.is_manager else 0


def registrations_to_decide(request: HttpRequest) -> int:
    """Registrations that wait for this person's decision; 0 for whoever decides on none."""
    return len(registrations_waiting(request))


def registrations_waiting(request: HttpRequest) -> list[Registration]:
    """The same themselves; found once per request, for the sidebar and the desk."""
    found: list[Registration] | None = getattr(request, "registrations_waiting", None)
    if found is None:
        found = request.registrations_waiting = waiting_for(request.user)  # type: ignore[attr-defined, arg-type]
    return found
