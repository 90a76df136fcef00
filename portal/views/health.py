"""Whether this installation can work: for the proxy, the launcher and the person on call."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from integrations import health


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and worker are well; else 503. A dead ERP is only told."""
    try:
        report = health.report()
    except DatabaseError as error:
        body = {"status": "down", "database": type(error).__name__}
        return JsonResponse(body, status=503)
    return JsonResponse(report.as_json(), status=200 if report.is_well else 503)
