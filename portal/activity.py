"""What the people of a company did, in words: one sentence for each kind of entry of the log (SEC-08)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.people import invitations_by_key, names_of_people, names_of_roles
from accounts.queries.members import role_names
from accounts.scope import Scope
from accounts.states import Depth, Right, Role
from core.models import AuditEntry
from orders.models import ApprovalDecision
from orders.queries.activity import budget_names, decisions_by, rule_names
from portal.templatetags.accord import on

WORDS = {
    "member.invited": gettext_lazy("invited %(whom)s"),
    "invitation.withdrawn": gettext_lazy("withdrew the invitation of %(whom)s"),
    "member.enrolled": gettext_lazy("gave %(whom)s access"),
    "member.changed": gettext_lazy("changed what %(whom)s may do"),
    "member.ended": gettext_lazy("ended the access of %(whom)s"),
    "manager.named": gettext_lazy("named %(other)s the manager of %(whom)s"),
    "role.composed": gettext_lazy("made or changed the role %(named)s"),
    "role.removed": gettext_lazy("removed the role %(named)s"),
    "delegation.made": gettext_lazy("lets %(other)s decide on approvals in his or her place"),
    "delegation.ended": gettext_lazy("no longer lets %(other)s decide on approvals"),
    "company.second_factor_required": gettext_lazy("asks everybody for a second factor"),
    "sign_in.connected": gettext_lazy("set up or changed the company sign-in"),
    "identity.linked": gettext_lazy("signed in with the company sign-in for the first time"),
    "identity.unlinked": gettext_lazy("cut %(whom)s off from the company sign-in"),
    "contact.proposed": gettext_lazy("proposed a change of the contacts"),
    "address.proposed": gettext_lazy("proposed an address"),
    "proposal.requested": gettext_lazy("proposed a change to be released"),
    "proposal.released": gettext_lazy("released a proposed change"),
    "proposal.declined": gettext_lazy("declined a proposed change"),
    "sales_rep.assigned": gettext_lazy("named %(whom)s as who looks after the company"),
    "assistance.started": gettext_lazy("began to act for %(whom)s"),
    "assistance.stopped": gettext_lazy("stopped acting for %(whom)s"),
    "order.received": gettext_lazy("placed an order"),
    "order.approval_requested": gettext_lazy("placed an order that waits for an approval"),
    "order.step_approved": gettext_lazy("approved a step of an order"),
    "order.approved": gettext_lazy("approved an order"),
    "order.rejected": gettext_lazy("rejected an order"),
    "order.returned": gettext_lazy("gave an order back to be changed"),
    "order.cancelled": gettext_lazy("cancelled an order"),
    "order.confirmed": gettext_lazy("confirmed an order"),
    "approval.rerouted": gettext_lazy("asked %(other)s to decide on an order"),
    "budget.changed": gettext_lazy("made or changed the budget %(named)s"),
    "cost_centre.changed": gettext_lazy("renamed the cost centre %(named)s"),
    "approval_rule.drafted": gettext_lazy("drafted version %(version)s of the approval rule %(named)s"),
    "approval_rule.changed": gettext_lazy("put version %(version)s of the approval rule %(named)s in force"),
    "rfq.submitted": gettext_lazy("asked for a quote"),
    "rfq.declined": gettext_lazy("declined to quote"),
    "quote.sent": gettext_lazy("sent a quote"),
    "quote.withdrawn": gettext_lazy("withdrew a quote"),
    "quote.accepted": gettext_lazy("accepted a quote"),
    "quote.declined": gettext_lazy("declined a quote"),
}

# Kinds that are told of a company and are no business of its people: the supplier's own work and its systems'.
SUPPLIERS_OWN = frozenset(
    "company.admitted company.opened company.placed cached_credit.changed customer.merged case.repaired "
    "entitlement.changed evidence.exported licence.changed order.held order.resent order.unconfirmed quote.created "
    "quote.approval_requested quote.approved quote.returned registration.approved registration.confirmed "
    "registration.register_asked registration.rejected superuser.requested".split()
)
DOCUMENTS = frozenset({"order", "quote", "rfq"})
# Where an entry keeps people: the keys of its data that hold the id of one user, or several.
ONE, MANY = ("user", "manager", "delegate", "principal"), ("to",)


@dataclass(frozen=True)
class Known:
    """All that the entries of one page name, read at once."""

    people: Mapping[int, str] = field(default_factory=dict)
    invitations: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    budgets: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], str] = field(default_factory=dict)
    decisions: Mapping[tuple[str, str], ApprovalDecision] = field(default_factory=dict)

    def decision(self, entry: AuditEntry) -> ApprovalDecision | None:
        """The decision that an entry of an order came of."""
        return self.decisions.get((entry.correlation_id, entry.object_key))


def known_of(scope: Scope, entries: list[AuditEntry]) -> Known:
    """Read what these entries name; the same few statements however many they are."""
    people: set[int] = set()
    for entry in entries:
        people |= {entry.user_id or 0, id_of(entry.on_behalf_of), _about(entry, "user")}
        people |= {int(entry.data.get(key) or 0) for key in ONE}
        people |= {int(pk) for key in MANY for pk in entry.data.get(key) or ()}
    return Known(
        names_of_people(people - {0}),
        invitations_by_key(scope, {one.data["invitation"] for one in entries if one.data.get("invitation")}),
        names_of_roles({_about(one, "role") for one in entries}),
        budget_names(scope, {one.data["budget"] for one in entries if one.data.get("budget")}),
        rule_names(scope, {one.data["rule"] for one in entries if one.data.get("rule")}),
        decisions_by(scope, {one.correlation_id for one in entries if one.object_kind == "order"}),
    )


def kinds_with(text: str) -> list[str]:
    """The kinds of entries whose words hold a text."""
    return [kind for kind, words in WORDS.items() if text and text.lower() in str(words).lower()]


def row_of(entry: AuditEntry, known: Known) -> dict[str, Any]:
    """An entry as the page shows it: who, in whose place, what, and more about it in a second line."""
    whom, decision = _whom(entry, known), known.decision(entry)
    behalf = known.people.get(id_of(entry.on_behalf_of), "")
    if decision is not None and decision.instead_of is not None:
        behalf = str(decision.instead_of)
    names = {
        "whom": whom or _("somebody"),
        "other": _other(entry, known) or _("somebody"),
        "named": _named(entry, known),
        "version": entry.data.get("version", ""),
    }
    words = TURNS[entry.action](entry, known) if entry.action in TURNS else ""
    return {
        "at": entry.occurred_at,
        "who": _who(entry, known),
        "behalf": behalf,
        "what": (words or str(WORDS[entry.action])) % names,
        "more": MORE[entry.action](entry, known) if entry.action in MORE else _comment(decision),
        "kind": entry.object_kind,
        "company": entry.company_number,
        "document": entry.object_key if entry.object_kind in DOCUMENTS else "",
    }


def id_of(name: str) -> int:
    """The id of a user in "user:4"; 0 for anything else."""
    kind, _colon, key = name.partition(":")
    return int(key) if kind == "user" and key.isdigit() else 0


def _about(entry: AuditEntry, kind: str) -> int:
    return int(entry.object_key) if entry.object_kind == kind and entry.object_key.isdigit() else 0


def _joined_alone(entry: AuditEntry) -> bool:
    """Whether somebody came in by an invitation or the company's sign-in: who is not signed in yet has no id."""
    if entry.action == "identity.linked":
        return True
    own = entry.user_id in (None, entry.data.get("user"))
    return entry.action == "member.enrolled" and own and entry.channel in ("portal", "api")


def _who(entry: AuditEntry, known: Known) -> str:
    if _joined_alone(entry):
        return _whom(entry, known) or _("somebody")
    if entry.user_id:
        return known.people.get(entry.user_id) or _("somebody")
    return _("The systems of %(shop)s") % {"shop": settings.SHOP_NAME}


def _whom(entry: AuditEntry, known: Known) -> str:
    invitation = known.invitations.get(entry.data.get("invitation", ""))
    if invitation is not None:
        return str(invitation.name or invitation.email)
    key = "principal" if entry.action.startswith("assistance.") else "user"
    return known.people.get(int(entry.data.get(key) or _about(entry, "user")), "")


def _other(entry: AuditEntry, known: Known) -> str:
    if entry.action == "approval.rerouted":
        named = [known.people.get(int(pk), "") for pk in entry.data.get("to") or ()]
        return ", ".join(name for name in named if name) or _("everybody who may approve")
    return known.people.get(int(entry.data.get("manager") or entry.data.get("delegate") or 0), "")


def _named(entry: AuditEntry, known: Known) -> str:
    if entry.object_kind == "role":
        return str(entry.data.get("role") or known.roles.get(_about(entry, "role")) or "–")
    if entry.action == "cost_centre.changed":
        return f"{entry.data.get('code', '')} {entry.data.get('title', '')}".strip()
    if entry.action == "budget.changed":
        return known.budgets.get(int(entry.data.get("budget") or 0), "–")
    code = str(entry.data.get("rule", ""))
    return known.rules.get((entry.company_number, code), code)


def _asked(entry: AuditEntry, known: Known) -> str:
    """Asking for an approval: by whoever ordered, or what an approval led to, told alone."""
    if known.decision(entry) is not None:
        return _("approved an order, which waits for a further approval now")
    return _("changed an order and submitted it again") if int(entry.data.get("round") or 1) > 1 else ""


def _composed(entry: AuditEntry, known: Known) -> str:
    if "is_new" not in entry.data:
        return ""
    return _("made the role %(named)s") if entry.data["is_new"] else _("changed the role %(named)s")


# Where one kind of entry says different things.
TURNS: dict[str, Callable[[AuditEntry, Known], str]] = {
    "member.enrolled": lambda entry, known: _("joined") if _joined_alone(entry) else "",
    "manager.named": lambda entry, known: (
        "" if entry.data.get("manager") else _("said that %(whom)s has no manager any more")
    ),
    "role.composed": _composed,
    "company.second_factor_required": lambda entry, known: (
        "" if entry.data.get("is_required") else _("no longer asks for a second factor")
    ),
    "order.approval_requested": _asked,
    "cost_centre.changed": lambda entry, known: (
        _("made the cost centre %(named)s") if entry.data.get("is_new") else ""
    ),
    "budget.changed": lambda entry, known: (
        "" if entry.data.get("is_active", True) else _("ended the budget %(named)s")
    ),
    "approval_rule.changed": lambda entry, known: (
        _("ended version %(version)s of the approval rule %(named)s") if entry.data.get("ended_at") else ""
    ),
}


def _roles(entry: AuditEntry, known: Known) -> str:
    invitation = known.invitations.get(entry.data.get("invitation", ""))
    if invitation is not None:
        return _("as %(roles)s") % {"roles": ", ".join(role_names(invitation))}
    named = [str(Role(role).label) for role in entry.data.get("roles") or () if role in Role.values]
    return _("as %(roles)s") % {"roles": ", ".join(named)} if named else ""


def _grants(entry: AuditEntry, known: Known) -> str:
    grants = entry.data.get("grants") or {}
    known_rights = [(right, depth) for right, depth in grants.items() if right in Right]
    return ", ".join(f"{Right(right).label} ({Depth(depth).label})" for right, depth in known_rights)


def _until(entry: AuditEntry, known: Known) -> str:
    moment = parse_datetime(str(entry.data.get("valid_until") or ""))
    return _("until %(day)s") % {"day": on(moment)} if moment else ""


def _comment(decision: ApprovalDecision | None) -> str:
    return decision.comment if decision is not None else ""


def _reason(entry: AuditEntry, known: Known) -> str:
    return str(entry.data.get("reason") or "")


# What stands below the sentence.
MORE: dict[str, Callable[[AuditEntry, Known], str]] = {
    "member.invited": _roles,
    "member.enrolled": _roles,
    "member.changed": _roles,
    "role.composed": _grants,
    "delegation.made": _until,
    "manager.named": _reason,
    "member.ended": _reason,
    "approval.rerouted": _reason,
    "proposal.declined": _reason,
    "assistance.started": _reason,
}
