"""What people are told by mail: for each event to whom, in which words, with which way on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.staff import SALES_MANAGER, all_staff_in
from integrations.systems import Message

Words = str | Promise


@dataclass(frozen=True)
class Recipient:
    """Somebody who gets a mail. locale: of its words, dates and amounts."""

    name: str
    email: str
    locale: str = "en"


Audience = Callable[[dict[str, Any]], list[Recipient]]


@dataclass(frozen=True)
class Mail:
    """A mail about an event. subject, lead, note: with the facts of the event by name.

    lead: the one sentence that says it all. note: what it means for the reader. action: the
    label of the button, path: where it leads. quoted: the fact that is shown as said by a person. lets_in: whether
    the way on opens for whoever holds the mail, so that nothing of it is kept once it has left.
    """

    to: Audience
    subject: Words
    lead: Words
    note: Words = ""
    action: Words = ""
    path: str = ""
    quoted: str = ""
    lets_in: bool = False


def _people(*keys: str) -> Audience:
    def audience(facts: dict[str, Any]) -> list[Recipient]:
        found: list[Recipient] = []
        for key in keys:
            value = facts.get(key) or []
            for person in value if isinstance(value, list) else [value]:
                if isinstance(person, dict) and person.get("email"):
                    found.append(
                        Recipient(
                            person.get("name") or person["email"],
                            person["email"],
                            person.get("locale") or settings.LANGUAGE_CODE,
                        )
                    )
        return found

    return audience


def _staff(*groups: str) -> Audience:
    return lambda facts: [Recipient(str(user), user.email, user.locale) for user in all_staff_in(*groups)]


def _sales(facts: dict[str, Any]) -> list[Recipient]:
    """Who looks after the customer, or the managers while nobody does."""
    return _people("sales")(facts) or _staff(SALES_MANAGER)(facts)


def _buyer_who_saw_it(facts: dict[str, Any]) -> list[Recipient]:
    """The buyer of a withdrawn quote, if anything of it was ever sent."""
    return _people("buyer")(facts) if facts.get("was_sent") else []


APPROVAL = "/approvals/open/{approval}/"
ORDER, QUOTE, RFQ = "/orders/{order}/", "/quotes/{quote}/", "/rfqs/{rfq}/"
INVOICE = "/invoices/{invoice}/"
RFQ_DESK = "/admin/quotes/rfq/{rfq}/request/"
QUOTE_DESK = "/admin/quotes/quote/{quote}/quote/"
QUOTE_APPROVAL = "/admin/quotes/quote/{quote}/quote/approval/"
ADDRESSES = "/company/addresses/"
CASE = "/admin/core/case/{case}/page/"
_OPEN_QUOTE, _OPEN_ORDER = _("Open the quote"), _("Open the order")

MAILS: dict[str, Mail] = {
    "member.invited": Mail(
        _people("person"),
        _("You are invited to work for %(company)s"),
        _("%(invited_by)s invites you to work for %(company)s in our portal."),
        _("The button works once, for you alone, within 14 days. Nobody else needs to see this mail."),
        action=_("Accept the invitation"),
        path="/join/{pass}/",
        lets_in=True,
    ),
    "password.forgotten": Mail(
        _people("person"),
        _("Choose a new password"),
        _("Somebody, most likely you, asked for a new password at %(shop)s."),
        _("The button works once. If it was not you, leave it: nothing has changed."),
        action=_("Choose a new password"),
        path="/accounts/password/reset/key/{reset}/",
        lets_in=True,
    ),
    "registration.submitted": Mail(
        _people("person"),
        _("Confirm your e-mail address for %(shop)s"),
        _("Somebody has registered %(company)s with this address. If it was you, confirm the address."),
        _("The button works once, within 48 hours. If it was not you, do nothing: nobody here sees it then."),
        action=_("Confirm the address"),
        path="/register/confirm/{confirmation}/",
    ),
    "registration.known": Mail(
        _people("person"),
        _("You are registered with %(shop)s already"),
        _("Somebody has asked to register %(company)s with this address, which can sign in with us already."),
        _(
            "Sign in, or choose a new password there. To order for a further company, call us. If it was not you, do nothing."
        ),
        action=_("Sign in"),
        path="/accounts/login/",
    ),
    "registration.repeated": Mail(
        _people("person"),
        _("We have your registration already"),
        _(
            "Somebody has asked again to register a company with this address. We have a registration of it and look at it."
        ),
        _("You need not do anything: a mail tells you as soon as it is decided."),
    ),
    "registration.confirmed": Mail(
        _staff(SALES_MANAGER),
        _("%(company)s has registered"),
        _("%(company)s would like to become a customer. The address of the person is confirmed."),
        action=_("Open the registration"),
        path="/admin/accounts/registration/{registration}/page/",
    ),
    "registration.approved": Mail(
        _people("person"),
        _("Welcome: %(company)s can sign in"),
        _("Your registration for %(company)s is accepted."),
        _(
            "The button works once, for you alone, within 14 days. Prices and orders may come a little later: a mail says so."
        ),
        action=_("Choose a password"),
        path="/join/{pass}/",
        lets_in=True,
    ),
    "registration.rejected": Mail(
        _people("person"),
        _("Your registration of %(company)s"),
        _("We cannot accept your registration of %(company)s."),
        _("If something of it is a mistake, answer this mail or register again."),
        quoted="reason",
    ),
    "company.opened": Mail(
        _people("person"),
        _("%(company)s can order now"),
        _("%(company)s is set up: your people see prices, ask for quotes and order."),
        action=_("Open the catalogue"),
        path="/catalogue/",
    ),
    "proposal.requested": Mail(
        _people("to"),
        _("%(buyer)s proposes a change for %(company)s"),
        _("%(buyer)s would like this to be changed for %(company)s, and you may release it:"),
        _("Nothing is sent to us until you or somebody else who manages %(company)s has released it."),
        action=_("Release or decline it"),
        path=ADDRESSES,
        quoted="wish",
    ),
    "proposal.released": Mail(
        _people("to"),
        _("Your proposed change for %(company)s is released"),
        _("%(decided_by)s released what you proposed for %(company)s:"),
        _("It is on its way to us and counts as soon as we have confirmed it; the page shows it."),
        action=_("Look at it"),
        path=ADDRESSES,
        quoted="wish",
    ),
    "proposal.declined": Mail(
        _people("to"),
        _("Your proposed change for %(company)s is declined"),
        _("%(decided_by)s declined what you proposed for %(company)s (%(wish)s):"),
        _("Nothing was changed. You can propose it anew on the page."),
        action=_("Look at it"),
        path=ADDRESSES,
        quoted="reason",
    ),
    "rfq.submitted": Mail(
        _sales,
        _("Request %(rfq)s from %(company)s"),
        _("%(buyer)s of %(company)s asks for a quote: %(lines)s."),
        action=_("Open the request"),
        path=RFQ_DESK,
        quoted="note",
    ),
    "rfq.declined": Mail(
        _people("buyer"),
        _("Your request %(rfq)s"),
        _("We cannot make you an offer for your request %(rfq)s."),
        action=_("Open the request"),
        path=RFQ,
        quoted="reason",
    ),
    "quote.approval_requested": Mail(
        _staff(SALES_MANAGER),
        _("Quote %(quote)s for %(company)s waits for approval"),
        _(
            "%(sales)s asks you to approve quote %(quote)s, revision %(revision)s, for %(company)s: %(net)s net."
        ),
        _("The buyer sees nothing of it until you have approved it and it is sent."),
        action=_("Decide on it"),
        path=QUOTE_APPROVAL,
        quoted="text",
    ),
    "quote.approved": Mail(
        _people("sales"),
        _("Quote %(quote)s for %(company)s is approved"),
        _("Revision %(revision)s of quote %(quote)s is approved; you can send it."),
        action=_OPEN_QUOTE,
        path=QUOTE_DESK,
        quoted="text",
    ),
    "quote.returned": Mail(
        _people("sales"),
        _("Quote %(quote)s for %(company)s came back"),
        _("Revision %(revision)s of quote %(quote)s was not approved and is a draft again."),
        action=_OPEN_QUOTE,
        path=QUOTE_DESK,
        quoted="text",
    ),
    "quote.sent": Mail(
        _people("buyer"),
        _("Our quote %(quote)s, revision %(revision)s"),
        _("Here is our quote %(quote)s for %(company)s: %(net)s net, %(gross)s with VAT."),
        _(
            "You can accept it until %(valid_until)s. What you accept is the price, whatever changes meanwhile."
        ),
        action=_OPEN_QUOTE,
        path=QUOTE,
        quoted="text",
    ),
    "quote.change_requested": Mail(
        _people("sales"),
        _("%(company)s asks for a change of quote %(quote)s"),
        _("%(buyer)s asks you to change revision %(revision)s of quote %(quote)s."),
        action=_OPEN_QUOTE,
        path=QUOTE_DESK,
        quoted="text",
    ),
    "quote.accepted": Mail(
        _people("sales"),
        _("%(company)s accepted quote %(quote)s"),
        _("Quote %(quote)s, revision %(revision)s, was accepted: order %(order)s over %(net)s net."),
        action=_OPEN_QUOTE,
        path=QUOTE_DESK,
    ),
    "quote.declined": Mail(
        _people("sales"),
        _("%(company)s declined quote %(quote)s"),
        _("Quote %(quote)s, revision %(revision)s, over %(net)s net was declined."),
        action=_OPEN_QUOTE,
        path=QUOTE_DESK,
        quoted="text",
    ),
    "quote.expired": Mail(
        _people("buyer", "sales"),
        _("Quote %(quote)s has expired"),
        _("Quote %(quote)s could be accepted until %(valid_until)s and has expired."),
        _("A renewed quote can be asked for on its page."),
        action=_OPEN_QUOTE,
        path=QUOTE,
    ),
    "quote.withdrawn": Mail(
        _buyer_who_saw_it,
        _("Our quote %(quote)s is withdrawn"),
        _("We had to withdraw quote %(quote)s, revision %(revision)s. It can no longer be accepted."),
        action=_OPEN_QUOTE,
        path=QUOTE,
        quoted="text",
    ),
    "order.received": Mail(
        _people("buyer"),
        _("We received your order %(order)s"),
        _("We received order %(order)s of %(company)s: %(net)s net, %(gross)s with VAT."),
        _("It is on its way into our order system. We tell you as soon as it is confirmed."),
        action=_OPEN_ORDER,
        path=ORDER,
    ),
    "order.approval_requested": Mail(
        _people("approvers"),
        _("Order %(order)s waits for your approval"),
        _("%(buyer)s placed order %(order)s for %(company)s: %(net)s net. It needs your approval."),
        action=_("Look at the order and decide"),
        path=APPROVAL,
    ),
    "order.approval_reminded": Mail(
        _people("approvers"),
        _("Reminder: order %(order)s waits for your approval"),
        _("Order %(order)s of %(buyer)s for %(company)s still waits for you: %(net)s net."),
        action=_("Look at the order and decide"),
        path=APPROVAL,
    ),
    "order.approval_escalated": Mail(
        _people("approvers"),
        _("Order %(order)s waits too long for its approval"),
        _("Nobody has decided on order %(order)s of %(buyer)s for %(company)s in time: %(net)s net."),
        _("You may decide on it now, too."),
        action=_("Look at the order and decide"),
        path=APPROVAL,
    ),
    "order.approval_rerouted": Mail(
        _people("approvers"),
        _("Order %(order)s waits for your approval"),
        _("Order %(order)s of %(buyer)s for %(company)s now waits for you: %(net)s net."),
        _("Whom the rule asked cannot decide on it."),
        action=_("Look at the order and decide"),
        path=APPROVAL,
        quoted="reason",
    ),
    "order.returned": Mail(
        _people("buyer"),
        _("Your order %(order)s came back to you"),
        _("Order %(order)s of %(company)s is to be changed before it is approved."),
        _("Change it on its page and submit it again; nothing has been ordered meanwhile."),
        action=_OPEN_ORDER,
        path=ORDER,
        quoted="comment",
    ),
    "order.approved": Mail(
        _people("buyer"),
        _("Your order %(order)s is approved"),
        _("Order %(order)s of %(company)s is approved by %(decided_by)s and on its way to us."),
        "%(price_news)s",
        action=_OPEN_ORDER,
        path=ORDER,
        quoted="comment",
    ),
    "order.rejected": Mail(
        _people("buyer"),
        _("Your order %(order)s was not approved"),
        _("Order %(order)s of %(company)s was not approved; nothing was ordered."),
        action=_OPEN_ORDER,
        path=ORDER,
        quoted="comment",
    ),
    "order.confirmed": Mail(
        _people("buyer"),
        _("Your order %(order)s is confirmed"),
        _("Order %(order)s of %(company)s is confirmed; our number is %(erp_number)s."),
        action=_OPEN_ORDER,
        path=ORDER,
    ),
    "order.held": Mail(
        _people("buyer"),
        _("Your order %(order)s is on hold"),
        _("We cannot process order %(order)s of %(company)s yet."),
        _("You need not do anything: we are looking into it and will get in touch with you."),
        action=_OPEN_ORDER,
        path=ORDER,
    ),
    "order.cancelled": Mail(
        _people("buyer"),
        _("Your order %(order)s is cancelled"),
        _("Order %(order)s of %(company)s over %(net)s net is cancelled."),
        action=_OPEN_ORDER,
        path=ORDER,
    ),
    "shipment.shipped": Mail(
        _people("buyer"),
        _("Your order %(order)s: shipment %(shipment)s has left"),
        _("Shipment %(shipment)s of order %(order)s has left our warehouse."),
        _("What is not in it follows; the order's page shows both line by line."),
        action=_OPEN_ORDER,
        path=ORDER,
    ),
    "invoice.issued": Mail(
        _people("buyer"),
        pgettext_lazy("mail", "Invoice %(invoice)s for order %(order)s"),
        _("Invoice %(invoice)s for order %(order)s: %(invoice_gross)s with VAT, due on %(due_on)s."),
        action=_("Open the invoice"),
        path=INVOICE,
    ),
    "credit_note.issued": Mail(
        _people("buyer"),
        _("Credit note %(invoice)s for order %(order)s"),
        _("Credit note %(invoice)s for order %(order)s: %(invoice_gross)s with VAT."),
        action=_("Open the credit note"),
        path=INVOICE,
    ),
    "case.escalated": Mail(
        _people("recipients"),
        _("Case %(case)s waits for somebody: %(flow)s"),
        _("%(cause)s Nobody has taken case %(case)s for %(age)s."),
        _("What it means for the buyer: %(promise)s"),
        action=_("Open the case"),
        path=CASE,
    ),
}


def mail_for(message: Message) -> Mail | None:
    """The mail about an event, None when nobody is told by mail."""
    return MAILS.get(message.name)
