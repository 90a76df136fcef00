"""Budgets and cost centres of a company, made and changed by who manages it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Membership
from accounts.queries.companies import require_below
from accounts.scope import Scope
from accounts.states import Right
from core import outbox, ownership
from core.actor import Actor, action
from core.errors import InvalidValue, OutOfDate
from orders.models import Budget, CostCentre
from orders.queries.budget import cost_centres_for, own_budget, own_cost_centre, stamp_of
from orders.states import PeriodKind


@dataclass(frozen=True)
class BudgetDraft:
    """A budget as it is to be. member_id: of whom, None for everybody. cost_centre: code, "" for all.

    amount: net per period; None for no limit, zero for nothing.
    """

    name: str
    amount: Decimal | None
    period: str
    on_exceeding: str
    member_id: int | None = None
    cost_centre: str = ""
    includes_below: bool = False
    starts_on: date | None = None
    ends_on: date | None = None


@action
def save_budget(
    scope: Scope, draft: BudgetDraft, *, by: Actor, key: int | None = None, seen: str = ""
) -> Budget:
    """Make a budget of the acting company, or change one; what has been reserved and spent stays booked.

    key: of the budget to change; seen: `stamp_of` it as the form showed it. Records `budget.changed`. Raises
    NotAllowed, NotFound, InvalidValue, OutOfDate for what somebody else has changed meanwhile.
    """
    company = _manage(scope, by)
    budget = Budget(company=company, currency=company.currency) if key is None else _own(scope, key)
    if key is not None and seen != stamp_of(budget):
        raise OutOfDate(
            _("Somebody has changed this budget meanwhile, or the form is an old one: load the page again.")
        )
    if draft.includes_below or budget.includes_below:
        require_below(scope, Right.MANAGE_COMPANY)
    if not draft.name.strip():
        raise InvalidValue(_("Give the budget a name."), field="name")
    if draft.amount is not None and draft.amount < 0:
        raise InvalidValue(_("An amount is 0 or more."), field="amount")
    if draft.period == PeriodKind.CUSTOM and (
        draft.starts_on is None or draft.ends_on is None or draft.ends_on < draft.starts_on
    ):
        raise InvalidValue(_("Say from which day until which."), field="ends_on")
    if draft.member_id is not None and not _is_member(company, draft.member_id):
        raise InvalidValue(_("This person does not order for the company."), field="member")
    centre = None
    if draft.cost_centre:
        centre = cost_centres_for(scope).filter(code__iexact=draft.cost_centre).first()
        if centre is None:
            raise InvalidValue(_("There is no such cost centre."), field="cost_centre")

    budget.name, budget.amount = draft.name.strip()[:120], draft.amount
    budget.period, budget.on_exceeding = draft.period, draft.on_exceeding
    budget.member_id, budget.cost_centre = draft.member_id, centre
    budget.includes_below = draft.includes_below
    budget.starts_on, budget.ends_on = draft.starts_on, draft.ends_on
    budget.save()
    _tell(company, budget, by)
    return budget


@action
def end_budget(scope: Scope, key: int, *, seen: str, by: Actor) -> None:
    """Let a budget count no more; its movements stay. seen: as in `save_budget`.

    Records `budget.changed`. Raises NotAllowed, NotFound, OutOfDate.
    """
    company = _manage(scope, by)
    budget = _own(scope, key)
    if seen != stamp_of(budget):
        raise OutOfDate(
            _("Somebody has changed this budget meanwhile, or the form is an old one: load the page again.")
        )
    if budget.includes_below:
        require_below(scope, Right.MANAGE_COMPANY)
    budget.is_active = False
    budget.save(update_fields=["is_active"])
    _tell(company, budget, by)


@action
def add_cost_centre(scope: Scope, code: str, name: str, *, by: Actor) -> CostCentre:
    """Make a cost centre; from then on every order of the company, and of those below, names one.

    Raises NotAllowed, also where the right does not go as far, InvalidValue. Records `cost_centre.changed`.
    """
    company = _manage(scope, by)
    require_below(scope, Right.MANAGE_COMPANY)
    code, name = code.strip()[:30], name.strip()[:120]
    if not code or not name:
        raise InvalidValue(_("A cost centre has a code and a name."), field="code")
    try:
        with transaction.atomic():
            centre = CostCentre.objects.create(company=company, code=code, name=name)
    except IntegrityError:
        raise InvalidValue(_("This code is there already."), field="code") from None
    _tell_centre(company, centre, by, is_new=True)
    return centre


@action
def rename_cost_centre(scope: Scope, key: int, name: str, *, by: Actor) -> CostCentre:
    """Give a cost centre of the acting company another name; orders keep its code.

    Raises NotAllowed, also where the right does not go as far, NotFound, InvalidValue. Records `cost_centre.changed`
    where it differs.
    """
    company = _manage(scope, by)
    require_below(scope, Right.MANAGE_COMPANY)
    centre = own_cost_centre(scope, key)
    name = name.strip()[:120]
    if not name:
        raise InvalidValue(_("A cost centre has a code and a name."), field="name")
    if name == centre.name:
        return centre

    centre.name = name
    centre.save(update_fields=["name"])
    _tell_centre(company, centre, by, is_new=False)
    return centre


def _manage(scope: Scope, by: Actor) -> Company:
    scope.require(Right.MANAGE_COMPANY)
    ownership.check(by, "orders.Budget", ["amount"])
    company: Company = Company.objects.select_for_update(of=("self",), no_key=True).get(pk=scope.company_id)
    return company


def _own(scope: Scope, key: int) -> Budget:
    """A budget of the acting company, locked as orders lock it."""
    found = own_budget(scope, key)
    return Budget.objects.select_for_update(of=("self",), no_key=True).get(pk=found.pk)


def _is_member(company: Company, user_id: int) -> bool:
    return Membership.objects.filter(company=company, user_id=user_id, is_active=True).exists()


def _tell_centre(company: Company, centre: CostCentre, by: Actor, *, is_new: bool) -> None:
    outbox.record(
        "cost_centre.changed",
        subject=f"company:{company.number}",
        payload={"company": company.number, "code": centre.code, "title": centre.name, "is_new": is_new},
        by=by,
        company=company.number,
    )


def _tell(company: Company, budget: Budget, by: Actor) -> None:
    outbox.record(
        "budget.changed",
        subject=f"company:{company.number}",
        payload={
            "company": company.number,
            "budget": budget.pk,
            "amount": None if budget.amount is None else str(budget.amount),
            "period": budget.period,
            "on_exceeding": budget.on_exceeding,
            "is_active": budget.is_active,
        },
        by=by,
        company=company.number,
    )
