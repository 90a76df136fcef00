"""Idempotency keys: the same request with the same key has one effect and one answer."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import DuplicateKey
from core.models import IdempotencyKey


@transaction.atomic
def once(client: str, key: str, request: Any, effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run `effect` once per client and key; a repeat gets the first answer.

    request: JSON of what was asked; another request under the same key raises DuplicateKey.
    effect: a domain action in this transaction, answering JSON. Two at once: the second waits.
    Source: INT-37, failure bank 3.
    """
    asked = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    IdempotencyKey.objects.bulk_create(
        [IdempotencyKey(client=client, key=key, request_hash=asked)], ignore_conflicts=True
    )
    row = IdempotencyKey.objects.select_for_update(of=("self",)).get(client=client, key=key)
    if row.request_hash != asked:
        raise DuplicateKey(_("This Idempotency-Key was used for another request; send a new key."), key=key)
    if row.response is None:
        row.response = effect()
        row.save(update_fields=["response"])
    return row.response


@transaction.atomic
def forget_keys(before: datetime, *, most: int) -> int:
    """Delete up to `most` keys that are older; whoever repeats one later than that asks anew. Tell how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=before).order_by("id")[:most]
    return IdempotencyKey.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
