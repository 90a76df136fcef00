"""The counts beside the sidebar's entries of sales: what waits for this person."""

from django.http import HttpRequest

from accounts.applicants import waiting_for
from accounts.models import Registration
from accounts.staff import SALES, SALES_MANAGER, is_in
from quotes.queries.desk import desk_of, rfqs_at
from quotes.queries.work import approvals_waiting
from quotes.states import RfqStatus


def new_requests(request: HttpRequest) -> int:
    """Requests that nobody has begun on; 0 for whoever is not of the sales staff."""
    if not is_in(request.user, SALES, SALES_MANAGER):  # type: ignore[arg-type]
        return 0
    return rfqs_at(desk_of(request.user.pk)).filter(status=RfqStatus.SUBMITTED).count()


def quotes_to_decide(request: HttpRequest) -> int:
    """Quotes that wait for this manager's approval; 0 for everybody else."""
    if not is_in(request.user, SALES_MANAGER):  # type: ignore[arg-type]
        return 0
    return approvals_waiting(desk_of(request.user.pk))


def registrations_to_decide(request: HttpRequest) -> int:
    """Registrations that wait for this person's decision; 0 for whoever decides on none."""
    return len(registrations_waiting(request))


def registrations_waiting(request: HttpRequest) -> list[Registration]:
    """The same themselves; found once per request, for the sidebar and the desk."""
    found: list[Registration] | None = getattr(request, "registrations_waiting", None)
    if found is None:
        found = request.registrations_waiting = waiting_for(request.user)  # type: ignore[attr-defined, arg-type]
    return found
