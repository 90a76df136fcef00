"""What the page of a customer shows above its fields: what counts, what waits, and the ways to its documents."""

from typing import Any

from accounts.customers import ALL, memberships_at
from accounts.listing import counts
from accounts.models import Company
from accounts.queries.proposals import all_proposed_of
from accounts.standing import forbidden_in
from core.queries import all_newest_causes
from orders.queries.approval import all_requests
from orders.queries.invoices import all_invoices
from orders.queries.orders import all_orders
from portal.admin.administrator import administered
from portal.usecases.effective import effective

MOST_COUNTED = 1000


def shown_of_customer(company: Company) -> dict[str, Any]:
    """The state and what it forbids, every value that counts with its origin, proposals, and how much there is."""
    proposed = all_proposed_of(company)
    causes = all_newest_causes(one.subject for one in proposed)
    return {
        "company": company,
        **administered(company),
        "forbidden": forbidden_in(company.status),
        "effective": effective(company),
        "proposed": [(one, causes.get(one.subject, "")) for one in proposed],
        "held": counts(
            {
                "people": memberships_at(ALL).filter(company=company, is_active=True),
                "orders": all_orders().filter(company=company),
                "approvals": all_requests().filter(unit=company, state="open"),
                "invoices": all_invoices().filter(company=company),
            },
            most=MOST_COUNTED,
        ),
    }
