"""Whether an order fits the credit of its company (CRT-09, CRT-13)."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from core import amounts
from core.errors import DomainError


class OverLimit(DomainError):
    """The order does not fit the credit limit; `details` hold the shortage."""

    code = "over_limit"


class OnHold(DomainError):
    """The company, or one above it that owns the limit, is on credit hold."""

    code = "on_hold"


RULES = {
    "no_limit": _("no limit is set"),
    "within_limit": _("within the limit"),
    "over_limit": _("over the limit"),
    "on_hold": _("on credit hold"),
}


@dataclass(frozen=True)
class CreditFigures:
    """What a credit decision looks at: amounts with tax, in one currency.

    limit_amount: None is no limit, zero no credit. used_amount: the ERP's figure for all companies
    that share the limit. open_amount: our orders of these companies that the ERP has not counted.
    """

    limit_amount: Decimal | None
    used_amount: Decimal
    open_amount: Decimal
    order_amount: Decimal
    is_on_hold: bool = False

    @property
    def available(self) -> Decimal | None:
        """What is left before this order, None without a limit; below zero when overdrawn."""
        if self.limit_amount is None:
            return None
        return self.limit_amount - self.used_amount - self.open_amount


@dataclass(frozen=True)
class CreditVerdict:
    """The outcome and the rule that made it: on_hold, no_limit, within_limit or over_limit.

    shortage: by how much the order exceeds what is available, zero if it fits.
    """

    rule: str
    shortage: Decimal = Decimal(0)

    @property
    def is_accepted(self) -> bool:
        """Whether the order may be placed."""
        return self.rule in {"no_limit", "within_limit"}


def judge_credit(figures: CreditFigures) -> CreditVerdict:
    """Decide whether an order fits; exactly at the limit it does (CRT-09, failure bank 20)."""
    if figures.is_on_hold:
        return CreditVerdict("on_hold")
    available = figures.available
    if available is None:
        return CreditVerdict("no_limit")
    if figures.order_amount > available:
        return CreditVerdict("over_limit", figures.order_amount - available)
    return CreditVerdict("within_limit")


def check_credit(figures: CreditFigures, currency: str) -> CreditVerdict:
    """The verdict, or its refusal. Raises OnHold or OverLimit naming the shortage."""
    verdict = judge_credit(figures)
    if verdict.rule == "on_hold":
        raise OnHold(
            _("Your account is on credit hold. Ask your contact in sales or accounting to release it.")
        )
    if verdict.rule == "over_limit" and amounts.are_hidden():
        raise OverLimit(
            _("This order exceeds your company's credit. Order less, or ask an approver of your company.")
        )
    if verdict.rule == "over_limit":
        raise OverLimit(
            _(
                "This order exceeds your credit by %(currency)s %(shortage)s. "
                "Order less, pay an open invoice, or ask your contact for a higher limit."
            )
            % {"currency": currency, "shortage": f"{verdict.shortage:,.2f}"},
            shortage=str(verdict.shortage),
            available=str(figures.available),
            limit=str(figures.limit_amount),
            currency=currency,
        )
    return verdict
