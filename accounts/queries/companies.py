"""Companies as they are found."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Company,
)
from accounts.scope import Scope
from accounts.states import Depth, Right
from core.errors import NotAllowed, NotFound


def company_in(scope: Scope, number: str) -> Company:
    """A company that may be seen. Raises NotFound, the same for unknown and foreign ones."""
    company = Company.objects.filter(pk__in=scope.company_ids, number=number).first()
    if company is None:
        raise NotFound(_("There is no such company."))
    return company


def acting_company(scope: Scope) -> Company:
    """The company acted for. Raises NotFound for an empty scope."""
    company = Company.objects.filter(pk=scope.company_id).select_related("sales_rep").first()
    if company is None:
        raise NotFound(_("You are not a member of any company here."))
    return company


def reaches_below(scope: Scope, right: Right) -> bool:
    """Whether a right goes as far as what is decided for the companies below too; without any of these it does."""
    if scope.depths.get(right) == Depth.BELOW:
        return True
    return scope.may(right) and not Company.objects.filter(parent_id=scope.company_id).exists()


def require_below(scope: Scope, right: Right) -> None:
    """Refuse what counts for the companies below, too, to who may do it in the own unit alone. Raises NotAllowed."""
    scope.require(right)
    if not reaches_below(scope, right):
        raise NotAllowed(
            _("This counts for the companies below, too, and there your role does not let you %(right)s.")
            % {"right": right.label},
            right=str(right),
        )


def asks_for_approval(lineage: Sequence[int]) -> bool:
    """Whether the ERP wants orders approved of a company, or of one above it (APR-12). One statement."""
    return Company.objects.filter(pk__in=lineage, needs_approval=True).exists()


def all_companies() -> QuerySet[Company]:
    """Every company, for staff and jobs."""
    return Company.objects.select_related("parent", "sales_rep", "payment_term")


def all_merged() -> frozenset[str]:
    """The numbers of the companies that were merged into others."""
    rows = Company.objects.exclude(merged_into=None)
    return frozenset(rows.values_list("number", flat=True))


def all_company_names(numbers: Iterable[str]) -> dict[str, str]:
    """The names of companies by their numbers, for staff; unknown numbers are left out."""
    return dict(Company.objects.filter(number__in=set(numbers)).values_list("number", "name"))


def all_numbers_named(text: str, *, most: int = 500) -> list[str]:
    """The numbers of the companies whose name holds a text, in any case; none for an empty one."""
    found = Company.objects.filter(name__icontains=text).order_by("pk").values_list("number", flat=True)
    return list(found[:most]) if text else []


def all_named_by_number(numbers: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Key and name of companies by their numbers, for staff; unknown numbers are left out. One statement."""
    rows = Company.objects.filter(number__in=set(numbers)).values_list("number", "pk", "name")
    return {number: (pk, name) for number, pk, name in rows}
