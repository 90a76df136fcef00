"""Mails on their way out: written down under the key of their effect, then sent."""

import smtplib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.invitations import pass_of
from accounts.passwords import pass_of as reset_of
from accounts.queries.scopes import heirs_of, sees_prices
from accounts.registrations import pass_of as confirmation_of
from core import amounts
from core.cases import CaseFacts, open_case
from core.links import without_links
from integrations.actions.mails import Letter, keep_letter, note_sent
from integrations.failures import Broken, CallFailed, Transient, UnknownOutcome
from integrations.mails import Mail, Recipient, mail_for
from integrations.models import SentMail
from integrations.systems import MAIL, Message, job_actor
from integrations.writing import amount_in_words, day_in_words
from orders.approval_links import Asked, word_of

DEAD_LETTER = "mail_undelivered"


def send(message: Message) -> None:
    """Tell everybody who is to be told of an event, each once."""
    mail = mail_for(message)
    if mail is None:
        return
    for recipient in _present(mail, message):
        letter = _letter(mail, message, recipient)
        row = keep_letter(letter)
        if row.sent_at is None:
            _post(row)
            note_sent(row, is_forgotten=mail.lets_in)


def _present(mail: Mail, message: Message) -> list[Recipient]:
    """Who is to be told; of a document whose person has left, who is there in the place, each once."""
    told: dict[str, Recipient] = {}
    for named in mail.to(message.payload):
        heirs = None if mail.lets_in else heirs_of(named.email, message.company_number)
        people = [named] if heirs is None else [Recipient(str(one), one.email, one.locale) for one in heirs]
        for person in people:
            told.setdefault(person.email.lower(), person)
    return list(told.values())


def bury(message: Message, failure: CallFailed) -> None:
    """A mail that does not get out is a case: somebody was not told."""
    facts = CaseFacts(
        cause=_("The mail about %(subject)s could not be sent: %(reason)s")
        % {"subject": message.number, "reason": failure.reason},
        promise=_("The page shows it all the same; the person was not told of it."),
        system=MAIL,
        company=message.company_number,
        evidence={"event": message.name, "message": message.key, "attempts": message.attempts},
    )
    open_case(DEAD_LETTER, message.subject, facts, by=job_actor("mail", message.correlation_id))


def _letter(mail: Mail, message: Message, to: Recipient) -> Letter:
    sees = sees_prices(to.email, message.company_number)
    with translation.override(to.locale), amounts.hidden(not sees):
        words = facts_of(message)
        context: dict[str, Any] = {
            "recipient": replace(to, name=without_links(to.name) if to.name != to.email else to.name),
            "lead": str(mail.lead) % words,
            "note": str(mail.note) % words if mail.note else "",
            "quoted": without_links(str(message.payload.get(mail.quoted) or "")) if mail.quoted else "",
            "lines": lines_of(message.payload, with_amounts=sees),
            "currency": words["currency"],
            "heading": " ".join((str(mail.subject) % words).split()),
            "link": settings.SITE_URL + mail.path.format(**words) if mail.path else "",
            "link_words": mail.action,
            "shop_name": settings.SHOP_NAME,
        }
        return Letter(
            key=f"{message.key}:{to.email.lower()}"[:160],
            to=to.email,
            subject=str(context["heading"])[:250],
            text=render_to_string("emails/notice.txt", context).strip() + "\n",
            html=render_to_string("emails/notice.html", context),
            correlation_id=message.correlation_id,
        )


def facts_of(message: Message) -> dict[str, str]:
    """The facts of an event by the names that the words of mails use, written in the active language."""
    payload = message.payload
    document = payload.get("order")
    snapshot = document if isinstance(document, dict) else {}
    noun, _colon, number = message.subject.partition(":")
    currency = str(payload.get("currency") or snapshot.get("currency") or "")
    numbers = {"rfq": "", "quote": "", "order": "", "case": "", "registration": "", noun: number}
    if noun == "quote":
        numbers["order"] = str(payload.get("order_number") or "")
    company = payload.get("company_name") or (snapshot.get("company") or {}).get("name") or ""
    return {
        **numbers,
        "company": without_links(str(company)),
        "buyer": _buyer(payload),
        "decided_by": without_links(str(payload.get("decided_by") or _("your company"))),
        "price_news": _("Prices had changed since it was submitted and were taken as they are now.")
        if payload.get("has_new_prices")
        else "",
        "sales": _name(payload.get("sales")),
        "revision": str(payload.get("revision", "")),
        "currency": currency,
        "net": _amount(payload.get("net_amount"), currency),
        "gross": _amount(payload.get("gross_amount"), currency),
        "valid_until": _day(payload.get("valid_until")),
        "erp_number": str(payload.get("erp_number") or ""),
        "shipment": str(payload.get("shipment") or payload.get("number") or ""),
        "invoice": str(payload.get("invoice") or ""),
        "invoice_gross": _amount(payload.get("invoice_gross_amount"), currency),
        "due_on": _day(payload.get("due_on")),
        "lines": _count(payload.get("lines")),
        "shop": settings.SHOP_NAME,
        "confirmation": confirmation_of(payload["registration_key"])
        if payload.get("registration_key")
        else "",
        "pass": pass_of(payload["invitation"]) if payload.get("invitation") else "",
        "reset": reset_of(payload["user"])
        if message.name == "password.forgotten" and payload.get("user")
        else "",
        "approval": word_of(Asked(numbers["order"], int(payload.get("round") or 0))),
        "invited_by": without_links(str(payload.get("invited_by") or "")),
        "wish": without_links(str(payload.get("wish") or "")),
        **{name: str(payload.get(name) or "") for name in ("flow", "cause", "promise", "age")},
    }


def _buyer(payload: dict[str, Any]) -> str:
    """Whose order it is, and who of our sales placed it instead."""
    buyer = _name(payload.get("buyer"))
    if not payload.get("entered_by"):
        return buyer
    staff = without_links(str(payload["entered_by"]))
    return _("%(staff)s for %(buyer)s") % {"staff": staff, "buyer": buyer}


def lines_of(payload: dict[str, Any], *, with_amounts: bool = True) -> list[dict[str, Any]]:
    """The lines to show, of the offer or of the order, with numbers as numbers; without amounts if asked."""
    document = payload.get("order")
    source = document.get("lines") if isinstance(document, dict) else payload.get("lines")
    if not isinstance(source, list):
        return []
    numbers = ("quantity", "unit_price", "net_amount")
    hidden = {} if with_amounts else {"unit_price": None, "net_amount": None}
    return [
        {
            **line,
            **{name: Decimal(str(line[name])) for name in numbers if line.get(name) is not None},
            **hidden,
        }
        for line in source
        if isinstance(line, dict) and "sku" in line
    ]


def _name(person: Any) -> str:
    return without_links(str(person.get("name") or "")) if isinstance(person, dict) else ""


def _amount(value: Any, currency: str) -> str:
    return amount_in_words(Decimal(str(value)), currency) if value is not None else ""


def _day(value: Any) -> str:
    return day_in_words(date.fromisoformat(value)) if value else ""


def _count(lines: Any) -> str:
    count = len(lines) if isinstance(lines, list) else 0
    return ngettext("%(count)s line", "%(count)s lines", count) % {"count": count}


def _post(row: SentMail) -> None:
    """Send one mail. Its Message-ID is the same for every repeat."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=row.subject,
        body=row.text,
        to=[row.to],
        headers={"Message-ID": f"<{row.key.partition(':')[0]}.{row.pk}@{host}>"},
    )
    mail.attach_alternative(row.html, "text/html")
    try:
        mail.send()
    except (smtplib.SMTPServerDisconnected, TimeoutError):
        raise UnknownOutcome("The mail server did not answer.", is_absent=True) from None
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 500:
            raise Transient(f"The mail server asks to wait ({error.smtp_code}).") from None
        raise Broken(f"The mail server does not take it ({error.smtp_code}).") from None
    except smtplib.SMTPRecipientsRefused:
        raise Broken("The mail server does not know the recipient.") from None
    except OSError as error:
        raise Transient(
            f"The mail server was not reached ({type(error).__name__}).", is_absent=True
        ) from None
