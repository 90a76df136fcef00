"""Who is billed for a company, where, and on which terms."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import (
    Address,
    Company,
    PaymentTerm,
)
from accounts.queries.lines import line_of


@dataclass(frozen=True)
class Billing:
    """Who is billed for a company, where, on which terms, and where each value comes from (ACC-08).

    address: None when nobody in the line has one for invoices.
    """

    company: Company
    address: Address | None
    payment_term: PaymentTerm | None
    payment_term_from: Company | None


def billing_of(company: Company, line: Sequence[Company] | None = None) -> Billing:
    """The bill-to of a company: the nearest in its line with an invoice address; terms likewise.

    line: as line_of, where it has just been read. Source: ACC-04, ACC-08.
    """
    line = line or line_of(company.pk)
    addresses = {
        address.company_id: address
        for address in Address.objects.filter(company__in=line, is_bill_to=True, is_active=True).order_by(
            "-pk"
        )
    }
    billed = next((item for item in line if item.pk in addresses), company)
    termed = next((item for item in line if item.payment_term_id), None)
    return Billing(
        company=billed,
        address=addresses.get(billed.pk),
        payment_term=termed.payment_term if termed else None,
        payment_term_from=termed,
    )
