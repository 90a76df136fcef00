"""The audit log in words: people, companies and documents by name, for a whole page of entries at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.assistance import all_reasons_of
from accounts.queries.companies import all_named_by_number, all_numbers_named
from accounts.queries.people import all_ids_named, all_names_of
from core.models import AuditEntry
from portal.admin.history import channel_words
from portal.admin.operations.words import page_of
from portal.audit_words import action_words, kind_words

# What an entry's data call the people it concerns, besides who acted.
WHOM = ("user", "principal")


@dataclass(frozen=True)
class Shown:
    """An entry as people read it; links are safe HTML. reason: why somebody acts for a buyer, else ""."""

    who: str
    behalf: str
    what: str
    about: str
    reason: str


def shown_of(entries: Sequence[AuditEntry]) -> list[Shown]:
    """Entries in words, in their order. Three statements, however many there are."""
    people = all_names_of(pk for entry in entries for pk in _people_in(entry))
    companies = all_named_by_number(number for entry in entries for number in _numbers_in(entry))
    reasons = all_reasons_of(pk for entry in entries if (pk := _assistance_in(entry)))
    return [_shown(entry, people, companies, reasons) for entry in entries]


def named(text: str) -> Q:
    """The entries of people and companies whose names hold a text: who acted, for whom, or about whom."""
    ids, numbers = all_ids_named(text), all_numbers_named(text)
    return concerning(ids) | Q(company_number__in=numbers) | Q(object_kind="company", object_key__in=numbers)


def concerning(ids: Sequence[int]) -> Q:
    """The entries of people: who acted, for whom, or about whom."""
    keys = [str(pk) for pk in ids]
    return (
        Q(user_id__in=ids)
        | Q(on_behalf_of__in=[f"user:{key}" for key in keys])
        | Q(object_kind="user", object_key__in=keys)
        | Q(data__user__in=ids)
    )


def _shown(entry: AuditEntry, people: Any, companies: Any, reasons: Any) -> Shown:
    who = _person(entry.user_id, people) if entry.user_id else channel_words(entry.actor_key)
    return Shown(
        who=who,
        behalf=_behalf(entry, people, companies),
        what=action_words(entry.action),
        about=_about(entry, people, companies),
        reason=reasons.get(_assistance_in(entry), ""),
    )


def _behalf(entry: AuditEntry, people: Any, companies: Any) -> str:
    person = _id_in(entry.on_behalf_of)
    number = entry.company_number if person else entry.on_behalf_of
    words = [_person(person, people)] if person else []
    words += [_company(number, companies)] if number else []
    return format_html("{}" + ", {}" * (len(words) - 1), *words) if words else "–"


def _about(entry: AuditEntry, people: Any, companies: Any) -> str:
    kind, key = entry.object_kind, entry.object_key
    if kind == "user" and key.isdigit():
        thing = _person(int(key), people)
    elif kind == "company":
        thing = _company(key, companies)
    elif page := page_of(f"{kind}:{key}"):
        thing = format_html('<a href="{}">{} {}</a>', page, kind_words(kind), key)
    else:
        thing = f"{kind_words(kind)} {key}".strip() or "–"
    whom = entry.data.get("user")
    if not isinstance(whom, int) or whom in (entry.user_id, _id_in(f"{kind}:{key}")):
        return thing
    return format_html("{}: {}", thing, _person(whom, people))


def _person(user_id: int, people: dict[int, str]) -> str:
    word = people.get(user_id) or _("person %(id)s") % {"id": user_id}
    return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[user_id]), word)


def _company(number: str, companies: dict[str, tuple[int, str]]) -> str:
    if number not in companies:
        return number
    key, name = companies[number]
    return format_html(
        '<a href="{}">{}</a> {}', reverse("admin:accounts_company_change", args=[key]), name, number
    )


def _id_in(name: str) -> int:
    kind, _colon, key = name.partition(":")
    return int(key) if kind == "user" and key.isdigit() else 0


def _people_in(entry: AuditEntry) -> Iterable[int]:
    about = _id_in(f"{entry.object_kind}:{entry.object_key}")
    named = [pk for key in WHOM if isinstance(pk := entry.data.get(key), int)]
    return {entry.user_id or 0, _id_in(entry.on_behalf_of), about, *named}


def _numbers_in(entry: AuditEntry) -> Iterable[str]:
    return {
        entry.company_number,
        entry.on_behalf_of,
        entry.object_key if entry.object_kind == "company" else "",
    }


def _assistance_in(entry: AuditEntry) -> int:
    key = entry.data.get("assistance")
    return key if isinstance(key, int) else 0
