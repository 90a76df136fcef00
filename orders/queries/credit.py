"""What the credit of a company still allows."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from accounts.queries.companies import acting_company
from accounts.queries.credit import Credit, credit_of
from accounts.scope import Scope
from core.errors import InvalidValue
from core.freshness import is_stale, later, read_up_to
from orders.models import Order
from orders.rules.credit import CreditFigures, CreditVerdict, judge_credit
from orders.states import OrderStatus

UNCOUNTED = (OrderStatus.PENDING_APPROVAL, OrderStatus.RECEIVED, OrderStatus.ON_HOLD)


@dataclass(frozen=True)
class CreditOutlook:
    """A credit decision with its inputs. limit_of: name of the company that owns the limit.

    as_of: up to when the ERP's figures are known, the oldest of them; None without any.
    """

    figures: CreditFigures
    verdict: CreditVerdict
    currency: str
    limit_of: str
    as_of: datetime | None
    is_stale: bool

    def story(self) -> dict[str, Any]:
        """The decision as it is kept with the order (CRT-11)."""
        figures = self.figures
        return {
            "v": 1,
            "rule": self.verdict.rule,
            "currency": self.currency,
            "limit": None if figures.limit_amount is None else str(figures.limit_amount),
            "limit_of": self.limit_of,
            "used_by_erp": str(figures.used_amount),
            "open_orders": str(figures.open_amount),
            "order": str(figures.order_amount),
            "available": None if figures.available is None else str(figures.available),
            "shortage": str(self.verdict.shortage),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "is_stale": self.is_stale,
            "policy": "last_known",
        }


def credit_outlook(scope: Scope, gross_amount: Decimal) -> CreditOutlook:
    """What would be decided on an order of the acting company now (CRT-09)."""
    return all_credit_outlook(acting_company(scope), gross_amount)


def all_credit_outlook(
    company: Company, gross_amount: Decimal, *, without: int | None = None
) -> CreditOutlook:
    """What would be decided on an order of any company.

    without: id of an order that is not counted as open, because it is the one decided on.
    An ERP figure past its age limit is used as last known and says so (X-24). Raises InvalidValue
    when the limit is in another currency: it cannot be compared.
    """
    credit = credit_of(company)
    if credit.account is not None and credit.account.currency != company.currency:
        raise InvalidValue(
            _("The credit limit is in another currency than the orders; ask your contact in sales."),
            field="currency",
        )
    as_of = _as_of(credit)
    figures = CreditFigures(
        limit_amount=credit.limit_amount,
        used_amount=credit.used_amount,
        open_amount=_open_amount(credit, as_of, without),
        order_amount=gross_amount,
        is_on_hold=credit.is_on_hold,
    )
    return CreditOutlook(
        figures=figures,
        verdict=judge_credit(figures),
        currency=company.currency,
        limit_of=credit.account.company.name if credit.account else "",
        as_of=as_of,
        is_stale=credit.account is not None and is_stale("credit", as_of),
    )


def _as_of(credit: Credit) -> datetime | None:
    if credit.account is None:
        return None
    return later(credit.as_of, read_up_to().get("credit"))


def _open_amount(credit: Credit, as_of: datetime | None, without: int | None) -> Decimal:
    """Our orders that the ERP's figures do not hold yet; at the same instant they count twice.

    A confirmed order is the ERP's to count from the first figure after its confirmation.
    """
    uncounted = Q(status__in=UNCOUNTED)
    if as_of is not None:
        uncounted |= Q(status=OrderStatus.CONFIRMED, confirmed_at__gte=as_of)
    orders = Order.objects.filter(uncounted, company_id__in=credit.company_ids)
    if without is not None:
        orders = orders.exclude(pk=without)
    return orders.aggregate(total=Sum("gross_amount"))["total"] or Decimal(0)
