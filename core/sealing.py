"""The chain of seals over the audit log: made by a job, checked by a command (SEC-09).

A seal covers a batch of entries: the hash of the seal before it and of each entry's digest. A batch names its
entries, so one that commits late, with a number below those already sealed, simply goes into the next batch. An
entry changed, taken away or put in between breaks the chain at its seal. Who takes away the newest seals with all
their entries leaves a chain that holds: so digests are kept elsewhere, in each sealing's line of the log and in every
export of evidence, and `verify` can be asked for one of them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

from core.logging import get_logger
from core.models import AuditEntry, AuditSeal

logger = get_logger(__name__)

BATCH = 1000
FIRST = "0" * 64
# Beside an entry's own content, these two say where it is sealed.
SEALING = ("seal_id", "digest")


def content_of(entry: AuditEntry) -> dict[str, Any]:
    """What a digest covers: every column of an entry but those of its seal, in the form in which it is exported."""
    names = [field.attname for field in AuditEntry._meta.concrete_fields if field.attname not in SEALING]
    return {name: _said(getattr(entry, name)) for name in names}


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def canonical(content: dict[str, Any]) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, no blanks, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(content: dict[str, Any]) -> str:
    """The digest of an entry: SHA-256 of its canonical bytes, in hexadecimal."""
    return sha256(canonical(content)).hexdigest()


def seal_digest(number: int, previous: str, digests: Iterable[tuple[int, str]]) -> str:
    """The digest of a seal. digests: (id, digest) of its entries, by id."""
    lines = [f"{number} {previous}", *(f"{key} {digest}" for key, digest in digests)]
    return sha256("\n".join(lines).encode()).hexdigest()


def seal_all(*, batch: int = BATCH) -> int:
    """Seal what is not yet sealed, a batch a transaction; tell how many entries. Any number may run at once."""
    sealed = 0
    while count := seal_next(batch=batch):
        sealed += count
    return sealed


@transaction.atomic
def seal_next(*, batch: int = BATCH) -> int:
    """Seal the next batch; tell how many entries it has, 0 when there is none or another process seals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('core_auditseal'))")
        if not cursor.fetchone()[0]:
            return 0
        entries = list(AuditEntry.objects.filter(seal=None).order_by("id")[:batch])
        if not entries:
            return 0
        last = AuditSeal.objects.order_by("-number").first()
        number, previous = (last.number + 1, last.digest) if last else (1, FIRST)
        digests = [(entry.pk, digest_of(content_of(entry))) for entry in entries]
        digest = seal_digest(number, previous, digests)
        cursor.execute(
            "SELECT core_seal_audit(%s, %s, %s, %s, %s)",
            [number, previous, digest, [key for key, _ in digests], [value for _, value in digests]],
        )
    logger.info("audit.sealed", number=number, count=len(entries), seal=digest)
    return len(entries)


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found. fault: the first break in words, empty when it holds."""

    seals: int
    entries: int
    unsealed: int
    last_digest: str
    fault: str = ""


def verify(*, expect: str = "") -> Verdict:
    """Check the chain from its first seal; name the first break.

    expect: a digest noted elsewhere, of a seal that must be in the chain.
    """
    seals = entries = 0
    previous, seen = FIRST, False
    for seal in AuditSeal.objects.order_by("number").iterator():
        fault = _fault_of(seal, seals + 1, previous)
        if fault:
            return Verdict(seals, entries, _unsealed(), previous, fault)
        seals, entries, previous = seals + 1, entries + seal.entries, seal.digest
        seen = seen or seal.digest == expect
    fault = (
        f"no seal has the digest {expect}: the end of the chain was taken away" if expect and not seen else ""
    )
    return Verdict(seals, entries, _unsealed(), previous, fault)


def _unsealed() -> int:
    return AuditEntry.objects.filter(seal=None).count()


def _fault_of(seal: AuditSeal, number: int, previous: str) -> str:
    if seal.number != number:
        return f"seal {number} is missing"
    if seal.previous != previous:
        return f"seal {number} does not follow the one before it"
    digests = []
    for entry in _rows(seal):
        if digest_of(content_of(entry)) != entry.digest:
            return f"seal {number}: entry {entry.pk} was changed after it was sealed"
        digests.append((entry.pk, entry.digest))
    if len(digests) != seal.entries:
        return f"seal {number}: {seal.entries} entries were sealed, {len(digests)} are there"
    if seal_digest(number, previous, digests) != seal.digest:
        return f"seal {number}: its entries are not those that were sealed"
    return ""


def _rows(seal: AuditSeal) -> Iterator[AuditEntry]:
    return AuditEntry.objects.filter(seal=seal).order_by("id").iterator(chunk_size=BATCH)
