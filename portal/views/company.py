"""A company seen from inside: the tree of its units, and what its people did."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.people import activity_for, names_of_people, numbers_with_documents, unit_rows
from accounts.states import Right
from core.models import AuditEntry
from portal.middleware import BuyerRequest

UNITS, ENTRIES = 100, 50

# What people of the company did, in words; the kinds that are no business of theirs are not listed.
WORDS = {
    "member.invited": _("invited somebody"),
    "member.enrolled": _("joined, or was given access"),
    "member.changed": _("changed what somebody may do"),
    "manager.named": _("named somebody's manager"),
    "member.ended": _("ended somebody's access"),
    "role.composed": _("composed or changed a role"),
    "role.removed": _("removed a role"),
    "order.received": _("placed an order"),
    "order.approval_requested": _("placed an order that waits for an approval"),
    "order.approved": _("approved an order"),
    "order.rejected": _("rejected an order"),
    "order.cancelled": _("cancelled an order"),
    "rfq.submitted": _("asked for a quote"),
    "quote.accepted": _("accepted a quote"),
    "quote.declined": _("declined a quote"),
    "assistance.started": _("began to act for the company"),
    "assistance.stopped": _("stopped acting for the company"),
}


@login_required
@require_GET
def unit_tree(request: BuyerRequest) -> HttpResponse:
    """The units in view, each below the one it belongs to, with a way to act for those one has rights in (ACC-01)."""
    text = request.GET.get("q", "").strip()
    context = {
        "page": Paginator(unit_rows(request.scope, text=text), UNITS).get_page(request.GET.get("page")),
        "query": urlencode({"q": text} if text else {}) + "&",
        "text": text,
    }
    return render(request, "portal/company/tree.html", context)


@login_required
@require_GET
def activity(request: BuyerRequest) -> HttpResponse:
    """What the people of the companies one looks after did, the newest first; from the log that nobody rewrites."""
    request.scope.require(Right.MANAGE_PEOPLE)
    found = activity_for(request.scope, list(WORDS))
    page = Paginator(found, ENTRIES).get_page(request.GET.get("page"))
    people = names_of_people(_people_in(list(page.object_list)))
    numbers = numbers_with_documents(request.scope)
    rows = [
        {
            "at": entry.occurred_at,
            "who": people.get(entry.user_id or 0, _("a system")),
            "behalf": people.get(_id_of(entry.on_behalf_of), ""),
            "what": WORDS[entry.action],
            "whom": people.get(int(entry.data.get("user") or 0), "")
            if entry.action.startswith(("member.", "manager."))
            else "",
            "number": entry.object_key
            if entry.object_kind in {"order", "quote", "rfq"} and entry.company_number in numbers
            else "",
            "kind": entry.object_kind,
            "company": entry.company_number,
        }
        for entry in page.object_list
    ]
    return render(request, "portal/company/activity.html", {"page": page, "rows": rows})


def _people_in(entries: list[AuditEntry]) -> set[int]:
    ids = {entry.user_id or 0 for entry in entries}
    ids |= {_id_of(entry.on_behalf_of) for entry in entries}
    return ids | {int(entry.data.get("user") or 0) for entry in entries}


def _id_of(name: str) -> int:
    kind, _colon, key = name.partition(":")
    return int(key) if kind == "user" and key.isdigit() else 0
