"""The data map: what is stored of which class, who owns it, how long it stays, and what other systems store (SEC-15).

Generated from the models, with the judgements below; `docs/data-map.md` is the result, and a test fails when it
differs or when a new field looks as if it named a person and nobody has said.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from core.ownership import owner_of

OURS = ("core", "accounts", "catalog", "pricing", "orders", "quotes", "integrations")

# A field whose name looks like this names a person until the lists below say otherwise.
LOOKS_PERSONAL = re.compile(
    r"name|mail|phone|street|postal|city|address|contact|person|label|(^|_)ip(_|$)|birth|iban|agent|"
    r"(^|_)by$|(^|_)to$|steward|escalate"
)
LOOKS_SECRET = re.compile(r"password|secret|token|private")
LOOKS_LIKE_WORDS = re.compile(
    r"note|comment|message|text|reason|cause|answer|description|evidence|details|payload|record|html|error|before|after"
)
LOOKS_FINANCIAL = re.compile(
    r"amount|price|cost|margin|limit|discount|percent|tax|currency|term|paid|taxes|price_story"
)

PERSONAL = {
    "accounts.User": {"email", "name", "phone"},
    "accounts.Invitation": {"email", "name"},
    "accounts.Address": {"name", "street", "postal_code", "city"},
    "accounts.AddressProposal": {"name", "street", "postal_code", "city"},
    "accounts.Company": {"email", "phone", "invoice_contact", "invoice_email"},
    "accounts.ContactProposal": {"changes", "was"},
    "accounts.SignInIdentity": {"subject"},
    "accounts.Registration": {"person_name", "email", "phone", "street", "postal_code", "city"},
    "orders.Order": {"ship_to", "bill_to"},
    "integrations.SentMail": {"to", "subject", "text", "html"},
    "integrations.FlowState": {"paused_by"},
    "integrations.FlowSettings": {"steward", "escalate_to"},
}
# In every model: the name of who acted, as told then, beside the id.
PERSONAL_ANYWHERE = {"actor_label"}
# What looks like it and names no person.
IMPERSONAL = {
    "core.Event": {"name"},
    "core.RowChange": {"table_name"},
    "accounts.Company": {"name"},
    "accounts.Registration": {"company_name", "tax_name", "tax_address"},
    "accounts.CompanyRole": {"name"},
    "accounts.LicenceKind": {"name"},
    "accounts.PaymentTerm": {"name"},
    "accounts.Segment": {"name"},
    "accounts.SignInConnection": {"name", "secret_name"},
    "catalog.Assortment": {"name"},
    "catalog.Category": {"name"},
    "catalog.Product": {"erp_name", "name"},
    "catalog.ProductRestriction": {"postal_prefix"},
    "catalog.Warehouse": {"name"},
    "pricing.PriceList": {"name"},
    "pricing.TaxRate": {"name"},
    "orders.ApprovalRule": {"name"},
    "orders.ApprovalStep": {"rule_name"},
    "orders.Budget": {"name"},
    "orders.CostCentre": {"name"},
    "orders.OrderLine": {"name"},
    "quotes.QuoteLine": {"name"},
    "integrations.Delivery": {"claimed_by"},
    "integrations.FlowState": {"claimed_by"},
    "integrations.ProcessStep": {"name"},
}
# Unguessable values that open something.
SECRET = {"accounts.User": {"password"}, "accounts.Invitation": {"key"}, "accounts.Registration": {"key"}}
# Tokens that make a form count once: they open nothing.
NO_SECRET = {
    "orders.Cart": {"token"},
    "quotes.Rfq": {"token"},
    "accounts.SignInConnection": {"secret_name"},
    "integrations.System": {"tokens", "tokens_at"},
}

SETTLED = "KEEP_SETTLED_DAYS after it is settled"
FOR_EVER = "as long as the installation"
RETENTION = {
    "accounts.User": "until the person is erased; the id stays",
    "accounts.Invitation": "until the person is erased; the row stays",
    "accounts.SignInIdentity": "until it is unlinked, or the person is erased",
    "accounts.Registration": "not confirmed or rejected: KEEP_SETTLED_DAYS, a rejected one without the person; approved: until the person is erased",
    "accounts.Address": "until the ERP takes it out of use; orders keep a copy",
    "accounts.AddressProposal": "as long as the installation; the row says what was asked for",
    "accounts.ContactProposal": "as long as the installation; the row says what was asked for",
    "orders.Cart": "until it is ordered or emptied",
    "orders.CartLine": "until it is ordered or emptied",
    "core.Event": "as long as its document; those of carts: " + SETTLED,
    "core.IdempotencyKey": SETTLED,
    "integrations.Delivery": SETTLED,
    "integrations.DeliveryAttempt": SETTLED,
    "integrations.InboxMessage": SETTLED,
    "integrations.FlowRun": SETTLED,
    "integrations.RejectedRow": "until a later reading is right",
    "integrations.Heartbeat": "while its process lives",
    "integrations.SentMail": "until the person is erased",
    "catalog.Allocation": "until the ERP has counted it",
}
DOCUMENTS = "as long as commercial law asks; never deleted by the portal"
RETENTION_OF_APP = {"orders": DOCUMENTS, "quotes": DOCUMENTS}

ELSEWHERE = """## What the libraries store

| table | what | class | stays |
|---|---|---|---|
| `django_session` | who is signed in where | secret | until it ends, or the person is erased |
| `account_emailaddress` and what else signs in (second factors, keys) | address, secrets | personal, secret | until the person is erased |
| `socialaccount_*` | nothing: who somebody is at a company's sign-in stands in `accounts.SignInIdentity` | – | – |
| `axes_*` | tried address, network address, browser, counted | personal | an address's rows until the person is erased |
| `django_admin_log` | what the back office's plain forms did, by user id | business | as long as the installation |
| `django_q_*` | wake-ups: names of jobs, no data | business | done at once; failures 30 days |
| `cache` | parts of pages, by names of data states | as the pages | until replaced |

## What other systems store

| system | stores | gets from the portal |
|---|---|---|
| ERP | customers, addresses, contacts, terms, credit, prices, stock, orders, shipments, invoices, payments | orders with number, company, addresses, lines, prices, PO number; new customers with name, VAT number, address, e-mail, telephone; no password, no session |
| register of VAT numbers | what it was asked, by its own rules | country and VAT number of a company that registers, and our own; no name |
| PIM | descriptions, attributes, media references | nothing |
| payment service provider | card and bank data, its own tokens | nothing yet: the portal takes no payment. Card data never reach it; a provider's token is all it may store |
| a company's identity provider | its own people | that somebody signs in, and at which address; it tells subject, address and name |
| mail server | mails to people | address, name, documents' numbers and amounts |
| log store | masked lines, see `core.logging` | ids of correlation, documents and flows; no names, no prices |
"""


@dataclass(frozen=True)
class Stored:
    """One field as the map shows it."""

    model: str
    field: str
    what: str
    owner: str
    kind: str
    is_unclassified: bool = False


def all_stored() -> Iterator[Stored]:
    """Every field of every model of ours but those of histories, in the order of the apps."""
    for model in _models():
        for field in model._meta.concrete_fields:
            yield _stored(model._meta.label, field)


def unclassified() -> list[str]:
    """The fields that look as if they named a person or were a secret, and of which nobody has said."""
    return [f"{one.model}.{one.field}" for one in all_stored() if one.is_unclassified]


def stale() -> list[str]:
    """What the lists of this module name and no model has."""
    known = {(model._meta.label, field.name) for model in _models() for field in model._meta.concrete_fields}
    named = {
        (label, name)
        for table in (PERSONAL, IMPERSONAL, SECRET, NO_SECRET)
        for label, names in table.items()
        for name in names
    }
    return sorted(f"{label}.{name}" for label, name in named - known) + sorted(
        RETENTION.keys() - {model._meta.label for model in _models()}
    )


def _models() -> list[type[models.Model]]:
    return [
        model
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        if not model.__name__.startswith("Historical")
    ]


def _stored(label: str, field: Any) -> Stored:
    kind, is_unclassified = class_of(label, field)
    what = str(field.verbose_name).replace("|", "/")
    return Stored(label, field.name, what, owner_of(label, field.name), kind, is_unclassified)


def class_of(label: str, field: Any) -> tuple[str, bool]:
    """The class of a field: secret, personal, words, financial, link or business; and whether that is only a guess."""
    name = field.name
    if name in SECRET.get(label, ()):
        return "secret", False
    if name in PERSONAL.get(label, ()) or name in PERSONAL_ANYWHERE:
        return "personal", False
    if field.is_relation:
        return ("personal (id)" if field.related_model._meta.label == "accounts.User" else "link"), False
    if LOOKS_SECRET.search(name) and name not in NO_SECRET.get(label, ()):
        return "secret", True
    holds_words = isinstance(
        field, (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField)
    )
    if holds_words and LOOKS_PERSONAL.search(name) and name not in IMPERSONAL.get(label, ()):
        return "personal", True
    if LOOKS_FINANCIAL.search(name):
        return "financial", False
    if holds_words and LOOKS_LIKE_WORDS.search(name):
        return "words that may name a person", False
    return "business", False


def retention_of(model: type[models.Model]) -> str:
    """How long rows of a model stay."""
    label = model._meta.label
    return RETENTION.get(label) or RETENTION_OF_APP.get(model._meta.app_label, FOR_EVER)


def as_text() -> str:
    """The whole map as the Markdown of docs/data-map.md."""
    parts = [
        "# Data map\n\nGenerated by `manage.py data_map --write` from the models and `integrations/datamap.py`; a test holds it.\n\n"
        "Classes: *personal* names a person; *personal (id)* is the id of a user and stays after erasure; *words* are typed by people\n"
        "or told by systems and may name one; *financial*; *secret* is never shown nor exported; *link*; *business*. Owner: whose word\n"
        "a field is (`core.ownership`). Rows of a history hold what their model holds, and stay as long as the installation but for\n"
        "the names of people who are erased.\n"
    ]
    for model in _models():
        label = model._meta.label
        past = " · with a history" if hasattr(model._meta, "simple_history_manager_attribute") else ""
        lines = [
            f"| `{one.field}` | {one.what} | {one.owner} | {one.kind} |"
            for one in (_stored(label, field) for field in model._meta.concrete_fields)
        ]
        parts.append(
            f"## {label}\n\nStays: {retention_of(model)}{past}\n\n| field | what | owner | class |\n|---|---|---|---|\n"
            + "\n".join(lines)
            + "\n"
        )
    return "\n".join([*parts, ELSEWHERE])
