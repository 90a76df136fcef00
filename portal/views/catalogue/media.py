"""The PIM's pictures and documents: only those of products that the company may see."""

import mimetypes
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.queries import media_by_reference
from core.errors import NotFound
from portal.middleware import BuyerRequest

# What a browser may show in the page; anything else is handed over as a file.
SHOWN = frozenset({"image/svg+xml", "image/png", "image/jpeg", "image/webp", "image/gif"})

# A picture is data of another system: it runs nothing and loads nothing, also when opened alone.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

# The PIM gives a changed file a new name, so one that is here stays as it is.
CACHE = "private, max-age=604800, immutable"


@login_required
@require_safe
def media_file(request: BuyerRequest, reference: str) -> HttpResponseBase:
    """A picture or document by its reference; 404 for what is unknown, hidden, or not there."""
    media = media_by_reference(request.scope, reference)
    path = _inside_the_drop(media.reference)
    about = path.stat()
    etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    answer: HttpResponseBase | None = get_conditional_response(
        request, etag=etag, last_modified=int(about.st_mtime), response=HttpResponse()
    )
    if answer is None or answer.status_code == 200:
        answer = FileResponse(
            path.open("rb"), content_type=kind, as_attachment=kind not in SHOWN, filename=path.name
        )
    answer["ETag"] = etag
    answer["Last-Modified"] = http_date(about.st_mtime)
    answer["Cache-Control"] = CACHE
    answer["Content-Security-Policy"] = POLICY
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _inside_the_drop(reference: str) -> Path:
    """The file of a reference. Raises NotFound for a path that leads out of the PIM's drop."""
    drop = Path(settings.PIM_DROP).resolve()
    path = (drop / reference).resolve()
    if not path.is_relative_to(drop) or not path.is_file():
        raise NotFound(_("There is no such picture or document."))
    return path
