"""Evidence for auditors: all that was written of a company, an order or a time, as one zip that proves itself (SEC-18).

In it: the audit log, the events and the versions of rows as JSON lines, the log as CSV too, the seals that cover the
entries with the digests of their batches, and a manifest with the SHA-256 of each file. Taking it out is itself
an entry of the log.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import IO, Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Membership
from core import audit
from core.actor import Actor, action
from core.errors import InvalidValue, NotFound
from core.history import audited_models
from core.models import AuditEntry, AuditSeal, Event, RowChange
from core.sealing import SEALING, content_of, verify
from orders.models import Order

# How a row of history leads to its company, and to its order; what is not here leads to none.
TO_COMPANY = {
    "accounts.Company": "id",
    "accounts.User": "id__in_members",
    "orders.OrderLine": "order__company_id",
    "orders.Shipment": "order__company_id",
    "orders.Payment": "invoice__company_id",
    "quotes.QuoteRevision": "quote__company_id",
    "accounts.CompanyUserPermission": "content_object_id",
}
TO_ORDER = {
    "orders.Order": "id",
    "orders.OrderLine": "order_id",
    "orders.Shipment": "order_id",
    "orders.Invoice": "id__in_invoices",
    "orders.Payment": "invoice__in_invoices",
}
AUDIT_COLUMNS = [
    field.attname for field in AuditEntry._meta.concrete_fields if field.attname not in SEALING
]  # fmt: skip
README = """What is in this archive and how to check it

manifest.json  what was asked for, when and by whom (id of the user), how many rows, the SHA-256 of each file.
audit.jsonl    the entries of the audit log, one a line; "seal" and "digest" say where each is sealed.
audit.csv      the same for reading in a table.
events.jsonl   what happened to the documents. history.jsonl: the versions of rows, with who wrote them.
rights.jsonl   changes of groups and rights.
seals.jsonl    the seals: number, the digest of the seal before, the digest, and (id, digest) of all its entries.

An entry's digest is the SHA-256 of its line without "seal" and "digest", as JSON with sorted keys, no blanks, UTF-8.
A seal's digest is the SHA-256 of "NUMBER PREVIOUS" and a line "ID DIGEST" for each of its entries by id, joined by
newlines. Each seal names the digest of the seal before it. Entries without a seal were younger than the last sealing.
"""


@dataclass(frozen=True)
class Asked:
    """What evidence is wanted of: a company or an order by number, or neither; and the time, half open."""

    since: datetime
    until: datetime
    company: str = ""
    order: str = ""

    @property
    def name(self) -> str:
        """The name of the archive."""
        of = self.company or self.order or "period"
        return f"evidence-{of}-{self.since:%Y%m%d}-{self.until:%Y%m%d}.zip"


@dataclass(frozen=True)
class Taken:
    """What the archive holds: rows by file, and the SHA-256 of the manifest."""

    rows: dict[str, int]
    manifest: str


@action
def export_evidence(file: IO[bytes], asked: Asked, *, by: Actor) -> Taken:
    """Write the archive to a binary file; the export becomes an entry of the log, with the manifest's digest.

    Raises NotFound for a company or order that is not there, InvalidValue for a time that ends before it begins.
    """
    if asked.until <= asked.since:
        raise InvalidValue(_("The time ends before it begins."), field="until")
    company, order = _company(asked.company), _order(asked.order)
    entries = _entries(asked, order)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        rows: dict[str, int] = {}
        digests: dict[str, str] = {}

        def put(name: str, lines: Iterable[str]) -> None:
            rows[name], digests[name] = _write(archive, name, lines)

        put("audit.jsonl", (_line(_entry(entry)) for entry in entries.iterator(chunk_size=500)))
        put("audit.csv", _csv(entries))
        put(
            "events.jsonl",
            (_line(_columns(event)) for event in _events(asked, order).iterator(chunk_size=500)),
        )
        put("history.jsonl", map(_line, _history(asked, company, order)))
        put("rights.jsonl", (_line(_columns(row)) for row in _rights(asked, company, order)))
        put("seals.jsonl", map(_line, _seals(entries)))
        put("README.txt", [README])
        chain = verify()
        manifest = json.dumps(
            {
                "company": asked.company,
                "order": asked.order,
                "since": _said(asked.since),
                "until": _said(asked.until),
                "made_at": _said(timezone.now()),
                "made_by": by.user_id,
                "rows": {name: count for name, count in rows.items() if name != "README.txt"},
                "sha256": digests,
                "chain": {
                    "seals": chain.seals,
                    "last_digest": chain.last_digest,
                    "unsealed": chain.unsealed,
                    "fault": chain.fault,
                },
            },
            indent=2,
        )
        archive.writestr("manifest.json", manifest)
    digest = sha256(manifest.encode()).hexdigest()
    audit.log(
        "evidence.exported",
        by=by,
        about=f"order:{asked.order}" if asked.order else f"company:{asked.company}" if asked.company else "",
        company=asked.company,
        data={"since": asked.since, "until": asked.until, "rows": rows, "manifest": digest},
    )
    return Taken(rows, digest)


def _company(number: str) -> Company | None:
    if not number:
        return None
    found = Company.objects.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no company %(number)s.") % {"number": number})
    return found


def _order(number: str) -> Order | None:
    if not number:
        return None
    found = Order.objects.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no order %(number)s.") % {"number": number})
    return found


def _subjects(order: Order) -> list[str]:
    return [order.subject, *([f"quote:{order.origin_ref}"] if order.origin == "quote" else [])]


def _entries(asked: Asked, order: Order | None) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(occurred_at__gte=asked.since, occurred_at__lt=asked.until)
    if order is not None:
        about = Q(correlation_id=order.correlation_id) if order.correlation_id else Q(pk=None)
        for subject in _subjects(order):
            kind, _colon, key = subject.partition(":")
            about |= Q(object_kind=kind, object_key=key)
        found = found.filter(about | Q(data__subject__in=_subjects(order)))
    elif asked.company:
        found = found.filter(company_id__in=Company.objects.filter(number=asked.company).values("pk"))
    return found.order_by("id")


def _events(asked: Asked, order: Order | None) -> QuerySet[Event]:
    found = Event.objects.filter(recorded_at__gte=asked.since, recorded_at__lt=asked.until)
    if order is not None:
        found = found.filter(subject__in=_subjects(order))
    elif asked.company:
        found = found.filter(company_number=asked.company)
    return found.order_by("id")


def _history(asked: Asked, company: Company | None, order: Order | None) -> Iterator[dict[str, Any]]:
    for model in audited_models():
        past = model.history.filter(  # type: ignore[attr-defined]
            history_date__gte=asked.since, history_date__lt=asked.until
        )
        chosen = _chosen(model, company, order)
        if chosen is None:
            continue
        for row in past.filter(chosen).order_by("history_id").iterator(chunk_size=500):
            yield {"model": model._meta.label, **_columns(row)}


def _chosen(model: type[Model], company: Company | None, order: Order | None) -> Q | None:
    """Which rows of a model belong to what is asked for; None for a model of which none can."""
    label = model._meta.label
    if order is not None:
        path = TO_ORDER.get(label)
        if path is None:
            return None
        name, _in, invoices = path.partition("__in_invoices")
        if _in:
            name = "invoice_id" if name == "invoice" else name
            return Q(**{f"{name}__in": list(order.invoices.values_list("pk", flat=True))})
        return Q(**{path: order.pk})
    if company is None:
        return Q()
    path = TO_COMPANY.get(label) or ("company_id" if _has_company(model) else "")
    if path == "id__in_members":
        return Q(id__in=list(Membership.objects.filter(company=company).values_list("user_id", flat=True)))
    return Q(**{path: company.pk}) if path else None


def _has_company(model: type[Model]) -> bool:
    return any(field.name == "company" and field.related_model is Company for field in model._meta.fields)


def _rights(asked: Asked, company: Company | None, order: Order | None) -> Iterable[RowChange]:
    found = RowChange.objects.filter(at__gte=asked.since, at__lt=asked.until).order_by("id")
    if order is not None:
        return found.none()
    if company is None:
        return found.iterator(chunk_size=500)
    mine = Membership.objects.filter(company=company).values_list("pk", "user_id")
    members, people = {pair[0] for pair in mine}, {pair[1] for pair in mine}

    def is_of_it(row: RowChange) -> bool:
        told = row.after or row.before or {}
        return told.get("membership_id") in members or told.get("user_id") in people

    return filter(is_of_it, found.iterator(chunk_size=500))


def _seals(entries: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    wanted = set(entries.exclude(seal=None).values_list("seal_id", flat=True))
    for seal in AuditSeal.objects.filter(number__in=wanted).order_by("number"):
        digests = list(seal.rows.order_by("id").values_list("id", "digest"))
        yield {**_columns(seal), "digests": digests}


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {**content_of(entry), "seal": entry.seal_id, "digest": entry.digest}


def _columns(row: Model) -> dict[str, Any]:
    return {
        field.attname: _said(getattr(row, field.attname)) for field in row._meta.concrete_fields
    }  # fmt: skip


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if value is None or isinstance(value, (str, int, bool, dict, list)):
        return value
    return str(value)


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """A formula of a spreadsheet is written as text: what is typed by people must not run there."""
    yield _csv_row([*AUDIT_COLUMNS, "seal"])
    for entry in entries.iterator(chunk_size=500):
        content = content_of(entry)
        content["data"] = json.dumps(content["data"], ensure_ascii=False)
        yield _csv_row([*(content[name] for name in AUDIT_COLUMNS), entry.seal_id])


def _csv_row(values: Iterable[Any]) -> str:
    out = io.StringIO()
    safe = ["" if value is None else str(value) for value in values]
    csv.writer(out).writerow([f"'{text}" if text[:1] in "=+-@\t\r" and text[:1] else text for text in safe])
    return out.getvalue()


def _write(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> tuple[int, str]:
    count, digest = 0, sha256()
    with archive.open(name, "w") as file:
        for line in lines:
            data = line.encode()
            file.write(data)
            digest.update(data)
            count += 1
    return count, digest.hexdigest()
