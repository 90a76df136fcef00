"""A person's data: handed out, and erased with the documents, decisions and the audit log left standing (SEC-15).

One act over all apps: what names a person stands in many tables, and none may be forgotten. Orders, invoices, quotes,
histories and the log keep the id of the user; the name, the address and the telephone are gone wherever this
module finds them. docs/data-map.md says what is stored where; docs/audit.md says what expires by itself instead.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import (
    Company,
    CompanyUserPermission,
    Invitation,
    Membership,
    Registration,
    SignInIdentity,
    User,
)
from core import audit
from core.actor import Actor, action
from core.errors import InvalidValue, NotAllowed, NotFound, WrongState
from core.history import audited_models
from core.models import AuditEntry, Case, CaseState, Event
from integrations.models import FlowState, SentMail
from orders.models import Cart, Order
from orders.states import OrderStatus
from quotes.models import Quote, Rfq
from quotes.states import QuoteStatus, RfqStatus

OURS = frozenset({"core", "accounts", "catalog", "pricing", "orders", "quotes", "integrations", "portal"})
# Of rows of these, an extract names the thing and leaves out what it says of others.
BRIEF = {"core.Event": ("name", "subject", "occurred_at"), "orders.Order": ("number", "status", "placed_at")}
OPEN_ORDERS = (OrderStatus.PENDING_APPROVAL, OrderStatus.RETURNED, OrderStatus.RECEIVED, OrderStatus.ON_HOLD)
ENDED_QUOTES = (QuoteStatus.ACCEPTED, QuoteStatus.DECLINED, QuoteStatus.EXPIRED, QuoteStatus.WITHDRAWN)


def find_person(word: str) -> User:
    """The person with this e-mail address or id. Raises NotFound."""
    found = User.objects.filter(pk=int(word)) if word.isdigit() else User.objects.filter(email__iexact=word)
    user = found.first()
    if user is None:
        raise NotFound(_("There is no such person."))
    return user


@action
def export_person(user: User, *, by: Actor) -> dict[str, Any]:
    """All that is stored of a person, as JSON; the export is an entry of the audit log. No secrets are in it."""
    told = {
        "made_at": _said(timezone.now()),
        "person": _columns(user, without=("password",)),
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "invitations": [
            _columns(row, without=("key",))
            for row in Invitation.objects.filter(Q(email__iexact=user.email) | Q(accepted_by=user))
        ],
        "registrations": [
            _columns(row, without=("key",)) for row in Registration.objects.filter(email__iexact=user.email)
        ],
        "mails": [
            {"subject": mail.subject, "text": mail.text, "sent_at": _said(mail.sent_at)}
            for mail in SentMail.objects.filter(to__iexact=user.email)
        ],
        "rows": {
            f"{model._meta.label}.{name}": [_brief(row) for row in rows] for model, name, rows in _rows_of(user)
        },
        "earlier versions": [
            _columns(row) for row in User.history.filter(id=user.pk).order_by("history_id")
        ],
        "audit log": [
            {"at": _said(row.occurred_at), "action": row.action, "about": f"{row.object_kind}:{row.object_key}"}
            for row in AuditEntry.objects.filter(user_id=user.pk).order_by("id")
        ],
    }  # fmt: skip
    audit.log("person.exported", by=by, about=f"user:{user.pk}")
    return told


@dataclass(frozen=True)
class OpenWork:
    """What is still under way in a person's hands: in words, and the rows to be given to somebody else."""

    words: str
    rows: QuerySet[Any]
    field: str
    is_of_staff: bool = False


def open_work_of(user: User) -> list[OpenWork]:
    """What keeps a person from being erased, until it ends or somebody else has it."""
    found = [
        OpenWork(_("open orders"), Order.objects.filter(placed_by=user, status__in=OPEN_ORDERS), "placed_by"),
        OpenWork(
            _("open requests for a quote"),
            Rfq.objects.filter(requested_by=user, status__in=(RfqStatus.SUBMITTED, RfqStatus.IN_WORK)),
            "requested_by",
        ),
        OpenWork(
            _("open quotes as the buyer"),
            Quote.objects.filter(contact=user).exclude(status__in=ENDED_QUOTES),
            "contact",
        ),
        OpenWork(
            _("open quotes as the seller"),
            Quote.objects.filter(owner=user).exclude(status__in=ENDED_QUOTES),
            "owner",
            is_of_staff=True,
        ),
        OpenWork(_("customers"), Company.objects.filter(sales_rep=user), "sales_rep", is_of_staff=True),
        OpenWork(
            _("open cases"), Case.objects.filter(owner=user, state=CaseState.OPEN), "owner", is_of_staff=True
        ),
    ]
    return [work for work in found if work.rows.exists()]


@action
def erase_person(user: User, *, by: Actor, to: User | None = None) -> dict[str, int]:
    """Take a person's name, addresses, telephone, sessions and tokens away everywhere; tell how many rows of each kind.

    to: who takes over what is open. Raises WrongState while something is open and nobody does,
    InvalidValue for somebody who cannot, or for oneself, NotAllowed for a superuser unless by another one or by hand.
    """
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if by.user_id == user.pk:
        raise InvalidValue(_("Nobody erases oneself."), field="user")
    if (
        user.is_superuser
        and by.user_id
        and not User.objects.filter(pk=by.user_id, is_superuser=True).exists()
    ):
        raise NotAllowed(_("A superuser is erased by another one alone."), right="superuser")
    if user.email == _address(user):
        raise WrongState(_("This person is erased already."))
    counts = _hand_over(user, to)
    email, name, word = user.email, user.name, _word(user)
    counts["sessions"] = _end_sessions(user)
    counts["ways to sign in"] = _delete_ways_in(user, email)
    counts["invitations"] = _erase_invitations(user, email, word)
    counts["registrations"] = Registration.objects.filter(email__iexact=email).update(
        person_name=word, email=_address(user), phone="", wish=""
    )
    counts["carts"] = Cart.objects.filter(user=user).delete()[0]
    counts["mails"] = SentMail.objects.filter(to__iexact=email).update(
        to=_address(user), subject=word, text="", html=""
    )
    counts["events"] = _erase_in_events(user, email, name, word)
    Membership.objects.filter(user=user, is_active=True).update(is_active=False)
    CompanyUserPermission.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.name, user.email, user.phone = word, _address(user), ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()
    counts["labels"] = _erase_labels(user, name, word) + FlowState.objects.filter(paused_by=name).update(
        paused_by=word
    )
    audit.log("person.erased", by=by, about=f"user:{user.pk}", data={"rows": counts})
    return counts


def _word(user: User) -> str:
    return f"Person {user.pk} (erased)"


def _address(user: User) -> str:
    return f"erased-{user.pk}@erased.invalid"


def _hand_over(user: User, to: User | None) -> dict[str, int]:
    work = open_work_of(user)
    if not work:
        return {}
    if to is None:
        words = ", ".join(f"{item.rows.count()} {item.words}" for item in work)
        raise WrongState(_("Still in this person's hands: %(work)s. Name who takes over.") % {"work": words})
    if not to.is_active or to.pk == user.pk:
        raise InvalidValue(_("Somebody else who may sign in takes over."), field="to")
    handed = {}
    for item in work:
        if item.is_of_staff and not to.is_staff:
            raise InvalidValue(_("Only the staff takes over %(work)s.") % {"work": item.words}, field="to")
        if not item.is_of_staff:
            companies = set(item.rows.values_list("company_id", flat=True))
            member_of = set(
                Membership.objects.filter(user=to, is_active=True).values_list("company_id", flat=True)
            )
            if not companies <= member_of:
                raise InvalidValue(
                    _("Who takes over %(work)s must be a member of the same company.") % {"work": item.words},
                    field="to",
                )
        handed[item.words] = item.rows.update(**{item.field: to})
    return handed


def _end_sessions(user: User) -> int:
    ended = 0
    for session in Session.objects.filter(expire_date__gte=timezone.now()).iterator(chunk_size=500):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
            ended += 1
    return ended


def _delete_ways_in(user: User, email: str) -> int:
    """Addresses, second factors, keys and counted attempts that the libraries for signing in keep."""
    deleted = 0
    for model in apps.get_models():
        if model._meta.app_label in OURS | {"admin"}:
            continue
        for name in _to_users(model):
            deleted += model._default_manager.filter(**{name: user}).delete()[0]
    deleted += SignInIdentity.objects.filter(user=user).delete()[0]
    for attempts in (AccessAttempt, AccessLog, AccessFailureLog):
        deleted += attempts.objects.filter(username__iexact=email).delete()[0]
    LogEntry.objects.filter(content_type__model="user", object_id=str(user.pk)).update(
        object_repr=_word(user)
    )
    return deleted


def _erase_invitations(user: User, email: str, word: str) -> int:
    rows = Invitation.objects.filter(Q(email__iexact=email) | Q(accepted_by=user))
    rows.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=timezone.now())
    return rows.update(email=_address(user), name=word)


def _erase_in_events(user: User, email: str, name: str, word: str) -> int:
    """Events stay; where one carries this address, or the name as of who decided or entered, they become other words."""
    told = Q(text__icontains=email)
    for key in ("decided_by", "entered_by") if name else ():
        told |= Q(text__contains=f'"{key}": {json.dumps(name, ensure_ascii=False)}')
    found = Event.objects.annotate(text=Cast("payload", TextField())).filter(told)
    changed = 0
    for event in found.iterator(chunk_size=500):
        payload = _without(event.payload, email.lower(), name, {"email": _address(user), "name": word})
        changed += Event.objects.filter(pk=event.pk).update(payload=payload)
    return changed


def _without(value: Any, email: str, name: str, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, email, name, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, email, name, words) for item in value]
    if isinstance(value, str):
        if value.lower() == email:
            return words["email"]
        return words["name"] if name and value == name else value
    return value


def _erase_labels(user: User, name: str, word: str) -> int:
    """The name as it was told with events, steps and versions; the id beside it stays."""
    changed = _rewrite(
        "accounts_historicaluser", "id", user, {"name": word, "email": _address(user), "phone": ""}
    )
    for model in audited_models():
        past = model.history.model  # type: ignore[attr-defined]
        changed += _rewrite(past._meta.db_table, "history_user_id", user, {"actor_label": word})
    changed += _rewrite("core_rowchange", "user_id", user, {"actor_label": word})
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if {"actor_user", "actor_label"} <= names:
            # By the function that erases: some of these rows nobody may change otherwise.
            changed += _rewrite(model._meta.db_table, "actor_user_id", user, {"actor_label": word})
        if {"on_behalf_of", "actor_label"} <= names:
            changed += _rename(model._meta.db_table, name, word)
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_erase_names(%s, %s)", [name, word])
        return changed + int(cursor.fetchone()[0])


def _rename(table: str, name: str, word: str) -> int:
    """Where somebody of the staff acted in this person's place; a namesake's name goes as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_erase_history(%s, %s, %s)", [table, name, word])
        return int(cursor.fetchone()[0])


def _rewrite(table: str, column: str, user: User, words: dict[str, str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT core_erase_history(%s, %s, %s, %s::jsonb)", [table, column, user.pk, json.dumps(words)]
        )
        return int(cursor.fetchone()[0])


def _to_users(model: type[Model]) -> list[str]:
    return [
        field.name for field in model._meta.concrete_fields if field.is_relation and field.related_model is User
    ]  # fmt: skip


def _rows_of(user: User) -> Iterator[tuple[type[Model], str, QuerySet[Any]]]:
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model.__name__.startswith("Historical"):
            continue
        for name in _to_users(model):
            rows = model._default_manager.filter(**{name: user})
            if rows.exists():
                yield model, name, rows


def _brief(row: Model) -> dict[str, Any]:
    names = BRIEF.get(row._meta.label)
    if names is None:
        return _columns(row, without=("key", "token", "payload", "details", "evidence"))
    return {name: _said(getattr(row, name)) for name in names}


def _columns(row: Model, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        field.attname: _said(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in without
    }


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, (str, int, bool, dict, list)):
        return value
    return str(value)
