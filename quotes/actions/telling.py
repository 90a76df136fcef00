"""The events of quotes: what happened, with the request or the offer as it was then."""

from typing import Any

from accounts.models import User
from core import outbox
from core.actor import Actor
from quotes.models import Quote, QuoteRevision, Rfq
from quotes.records import OfferLineTold, PersonTold, QuoteTold, RfqLineTold, RfqTold


def tell_rfq(name: str, rfq: Rfq, *, by: Actor, reason: str = "") -> None:
    """Record an event of a request, with its lines."""
    told = RfqTold(
        number=rfq.number,
        company_number=rfq.company.number,
        company_name=rfq.company.name,
        currency=rfq.currency,
        buyer=_person(rfq.requested_by),
        sales=_person(rfq.company.sales_rep) if rfq.company.sales_rep else None,
        note=rfq.note,
        po_number=rfq.po_number,
        requested_on=rfq.requested_on,
        reason=reason,
        lines=tuple(
            RfqLineTold(
                position=line.position,
                sku=line.product.sku,
                name=line.product.title,
                unit_code=line.unit.code,
                unit_key=line.unit.key,
                quantity=line.quantity,
                target_price=line.target_price,
                note=line.note,
            )
            for line in rfq.lines.select_related("product", "unit")
        ),
    )
    outbox.record(
        name,
        subject=rfq.subject,
        payload=told.model_dump(mode="json"),
        by=by,
        company=rfq.company.number,
    )


def tell_quote(
    name: str, quote: Quote, revision: QuoteRevision, *, by: Actor, text: str = "", **more: Any
) -> None:
    """Record an event of a quote with the offer it is about.

    text: what was said with this step. more: JSON that goes beside the offer into the payload.
    """
    told = QuoteTold(
        number=quote.number,
        revision=revision.number,
        company_number=quote.company.number,
        company_name=quote.company.name,
        rfq_number=quote.rfq.number if quote.rfq else "",
        currency=quote.currency,
        net_amount=revision.net_amount,
        tax_amount=revision.tax_amount,
        gross_amount=revision.gross_amount,
        valid_until=revision.valid_until,
        buyer=_person(quote.contact) if quote.contact else None,
        sales=_person(quote.owner),
        text=text,
        order_number=quote.order_number,
        lines=tuple(
            OfferLineTold(
                position=line.position,
                sku=line.sku,
                name=line.name,
                unit_code=line.unit_code,
                unit_key=line.unit_key,
                quantity=line.quantity,
                unit_price=line.unit_price,
                net_amount=line.net_amount,
            )
            for line in revision.lines.order_by("position")
        ),
    )
    outbox.record(
        name,
        subject=quote.subject,
        payload={**told.model_dump(mode="json"), **more},
        by=by,
        company=quote.company.number,
    )


def _person(user: User) -> PersonTold:
    return PersonTold(name=str(user), email=user.email, locale=user.locale)
