"""Where other systems tell us what has happened: believed, stored and answered at once, worked later (INT-55)."""

import time
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.actor import Actor
from core.logging import get_logger
from integrations import pushed, signatures
from integrations.actions.inbox.messages import keep_refused_call
from integrations.systems import flow_actor
from portal.api.problems import TYPE

logger = get_logger(__name__)

STATUS = {pushed.Unreadable: 400, pushed.UnknownForm: 422, pushed.TooMuch: 413}


@csrf_exempt
@require_POST
def inbound(request: HttpRequest, system: str) -> JsonResponse:
    """202 with how many messages are new and how many were here before; all of a body, or nothing.

    404 for a system that sends us nothing, 401 for a call that is not believed, 413, 415, 400 and 422 for a
    body that cannot be taken.
    """
    if not signatures.is_known(system):
        raise Http404
    if request.content_type != "application/json":
        return _refused(415, "not_json", _("Send application/json."))
    correlation_id = request.actor.correlation_id  # type: ignore[attr-defined]
    try:
        pushed.check_size(_length(request))
        if why := _fault(request, system):
            logger.warning("inbound.refused", system=system, reason=why)
            nobody = Actor(f"flow:{system}.events", "nobody", correlation_id=correlation_id)
            keep_refused_call(system, why, by=nobody)
            text = _("The call is not signed as agreed, or not now. Look at the key and at the clock.")
            return _refused(401, "not_signed", text)
        by = flow_actor(f"{system}.events", system=system, correlation_id=correlation_id)
        accepted, repeated = pushed.receive(system, request.body, by=by)
    except tuple(STATUS) as error:
        return _refused(STATUS[type(error)], error.code, str(error), **error.details)
    logger.info("inbound.stored", system=system, new=accepted, same=repeated)
    return JsonResponse({"accepted": accepted, "repeated": repeated}, status=202)


def _length(request: HttpRequest) -> int:
    """How long the body says it is; one that does not say is not read at all."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() else 0


def _fault(request: HttpRequest, system: str) -> str:
    """Why the call is not believed, "" when it is."""
    call = signatures.Signed(
        request.headers.get("webhook-id", ""),
        request.headers.get("webhook-timestamp", ""),
        request.headers.get("webhook-signature", ""),
        request.body,
    )
    return signatures.fault(call, signatures.secrets_of(system), now=time.time())


def _refused(status: int, code: str, detail: str, **details: Any) -> JsonResponse:
    body = {"type": f"urn:accord:{code}", "title": code, "status": status, "code": code}
    body |= {"detail": detail, "details": details}
    return JsonResponse(body, status=status, content_type=TYPE)
