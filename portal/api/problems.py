"""Refusals of the API: application/problem+json (RFC 9457) with our code and details."""

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core import refusals
from core.errors import DomainError
from portal.middleware import status_of

TYPE = "application/problem+json"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a refusal with its code and details; anything unforeseen crashes as it should."""
    if isinstance(error, DomainError):
        request = context["request"]
        refusals.keep(error, by=request._request.actor)
        details = {key: _plain(value) for key, value in error.details.items()}
        return _answer(status_of(error), error.code, str(error), details)
    response = exception_handler(error, context)
    if response is None:
        return None
    code = error.default_code if isinstance(error, APIException) else "refused"
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    fields = {} if detail else {"fields": response.data}
    answer = _answer(response.status_code, code, str(detail or "Some fields are not valid."), fields)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in response:
            answer[header] = response[header]
    return answer


def _answer(status: int, code: str, detail: str, details: dict[str, Any]) -> Response:
    body = {"type": f"urn:accord:{code}", "title": code, "status": status, "code": code}
    return Response({**body, "detail": detail, "details": details}, status=status, content_type=TYPE)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, dict, list, bool, type(None))) else str(value)
