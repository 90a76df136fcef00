"""The credit that counts for a company."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet

from accounts.models import Company, CreditAccount
from accounts.queries.lines import line_of, tree_of
from accounts.standing import Standing


@dataclass(frozen=True)
class Credit:
    """The credit that counts for a company: the nearest limit in its line.

    account: whose row decides and is locked, with its company; None means no limit anywhere.
    used_amount: the ERP's figures of every company that shares the limit, summed; with tax. as_of:
    the oldest of them. company_ids: who shares the limit.
    """

    account: CreditAccount | None
    limit_amount: Decimal | None
    used_amount: Decimal
    company_ids: frozenset[int]
    is_on_hold: bool
    as_of: datetime | None = None


def credit_of(company: Company) -> Credit:
    """The credit of a company, inherited from the nearest company with a limit (CRT-09, ACC-08).

    A hold anywhere between the company and the owner of the limit counts. Branches with a limit
    of their own do not share the owner's.
    """
    line = line_of(company.pk)
    accounts = {account.company_id: account for account in CreditAccount.objects.filter(company__in=line)}
    owner = next((c for c in line if c.pk in accounts and accounts[c.pk].limit_amount is not None), None)
    between = line if owner is None else line[: line.index(owner) + 1]
    is_on_hold = any(
        c.status == Company.Status.ON_HOLD or (c.pk in accounts and accounts[c.pk].is_on_hold)
        for c in between
    )
    if owner is None:
        return Credit(None, None, Decimal(0), frozenset({company.pk}), is_on_hold)
    account = accounts[owner.pk]
    account.company = owner
    sharing = _sharing(owner)
    known = [known for known in sharing.values() if known is not None]
    return Credit(
        account,
        account.limit_amount,
        used_amount=sum((known.used_amount for known in known), Decimal(0)),
        company_ids=frozenset(sharing),
        is_on_hold=is_on_hold,
        as_of=min((known.as_of for known in known), default=None),
    )


def _sharing(owner: Company) -> dict[int, CreditAccount | None]:
    """The companies that use a limit, its owner and below but for those with their own, by id.

    With the figures that the ERP has told of each. One statement.
    """
    tree = {company.pk: company for company in tree_of(owner.pk).select_related("credit")}
    children: dict[int | None, list[Company]] = {}
    for company in tree.values():
        children.setdefault(company.parent_id, []).append(company)
    shared: dict[int, CreditAccount | None] = {}
    ahead = [tree[owner.pk]]
    while ahead:
        company = ahead.pop()
        account = getattr(company, "credit", None)
        if company.pk == owner.pk or account is None or account.limit_amount is None:
            shared[company.pk] = account
            ahead += children.get(company.pk, [])
    return shared


def all_shut_accounts() -> QuerySet[CreditAccount]:
    """The credit accounts by which no order goes through: a limit of zero, or a hold; newest first, for staff (CRT-09)."""
    shut = Q(limit_amount=0) | Q(is_on_hold=True) | Q(company__status=Standing.ON_HOLD)
    rows = CreditAccount.objects.filter(shut, company__merged_into=None)
    rows = rows.exclude(company__status__in=[Standing.REJECTED, Standing.CLOSED])
    return rows.select_related("company").order_by("-pk")
