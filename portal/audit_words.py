"""What the actions of the audit log are called, for those who read it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Any] = {
    "session.opened": _("Signed in"),
    "session.closed": _("Signed out"),
    "session.refused": _("Sign-in refused"),
    "session.locked": _("Sign-in locked after wrong attempts"),
    "sessions.ended": _("Signed out on other devices"),
    "password.changed": _("Password changed"),
    "second_factor.added": _("Second factor added"),
    "second_factor.removed": _("Second factor removed"),
    "identity.linked": _("Sign-in of a provider linked"),
    "identity.unlinked": _("Sign-in of a provider taken away"),
    "sign_in.connected": _("Sign-in by a provider set up"),
    "person.registered": _("Person registered"),
    "person.exported": _("Data about a person taken out"),
    "person.erased": _("Person erased"),
    "member.invited": _("Member invited"),
    "member.enrolled": _("Access given"),
    "member.changed": _("Roles of a member changed"),
    "member.ended": _("Access ended"),
    "manager.named": _("Manager named"),
    "role.composed": _("Role composed or changed"),
    "role.removed": _("Role removed"),
    "registration.confirmed": _("Registration confirmed"),
    "registration.register_asked": _("Register asked about a registration"),
    "registration.approved": _("Registration approved"),
    "registration.rejected": _("Registration rejected"),
    "company.admitted": _("Company admitted"),
    "company.opened": _("Company opened"),
    "company.placed": _("Company moved in its tree"),
    "company.second_factor_required": _("Second factor asked of a company, or no more"),
    "customer.merged": _("Customers merged"),
    "partner.requested": _("Page opened by a partner"),
    "partner.refused": _("Partner refused: the access is over"),
    "superuser.requested": _("Page opened by a superuser in a buyer's place"),
    "partner.let_in": _("Partner let in"),
    "partner.ended": _("Access of a partner ended before its time"),
    "staff.roles_assigned": _("Roles of the staff given"),
    "sales_rep.assigned": _("Sales representative named"),
    "assistance.started": _("Began to act for a buyer"),
    "assistance.stopped": _("Stopped acting for a buyer"),
    "rfq.submitted": _("Quote asked for"),
    "rfq.declined": _("Request declined"),
    "rfq.cancelled": _("Request taken back"),
    "quote.approval_requested": _("Approval of a quote asked for"),
    "quote.approved": _("Quote approved"),
    "quote.returned": _("Quote returned to its maker"),
    "quote.sent": _("Quote sent"),
    "quote.accepted": _("Quote accepted"),
    "quote.declined": _("Quote declined"),
    "quote.withdrawn": _("Quote withdrawn"),
    "order.received": _("Order received"),
    "order.resent": _("Order sent to the ERP again"),
    "order.approval_requested": _("Approval of an order asked for"),
    "order.approval_rerouted": _("Somebody else asked for an approval"),
    "approval.rerouted": _("Somebody else asked for an approval"),
    "order.step_approved": _("Step of an approval is through"),
    "order.approved": _("Order approved"),
    "order.returned": _("Order returned to its buyer"),
    "order.rejected": _("Order rejected"),
    "order.cancelled": _("Order cancelled"),
    "case.repaired": _("Case repaired"),
    "evidence.exported": _("Evidence taken out"),
    "flow.paused": _("Flow paused"),
    "flow.resumed": _("Flow resumed"),
    "flow.set": _("Settings of a flow changed"),
    "price_import.undone": _("Import of prices undone"),
    "price_list.changed": _("Price list changed"),
    "price_policy.changed": _("Price policy changed"),
    "quote_policy.changed": _("Limits of quotes changed"),
    "checkout_policy.changed": _("Policy of the checkout changed"),
    "cached_credit.changed": _("Credit limit kept here changed"),
    "entitlement.changed": _("Assortment or restriction changed"),
    "assortment.filled": _("Assortment filled"),
    "licence.changed": _("Licence changed"),
}
KINDS: dict[str, Any] = {
    "order": _("Order"),
    "quote": _("Quote"),
    "rfq": _("Request"),
    "company": _("Company"),
    "user": _("Person"),
    "registration": _("Registration"),
    "flow": _("Flow"),
    "case": _("Case"),
    "pricelist": _("Price list"),
    "price_list": _("Price list"),
    "address_proposal": _("Proposed address"),
    "contact_proposal": _("Proposed contact data"),
}


def action_words(name: str) -> str:
    """An action in words; one without words of its own reads as its name does: "rule.ended" is "Rule ended"."""
    words = ACTIONS.get(name)
    return str(words) if words else name.replace(".", " ").replace("_", " ").capitalize()


def kind_words(kind: str) -> str:
    """The kind of thing that an entry is about."""
    words = KINDS.get(kind)
    return str(words) if words else kind.replace("_", " ").capitalize()
