"""The addresses of a company."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Address
from accounts.scope import Scope
from accounts.states import Right
from core.errors import NotFound


def ship_to_addresses(scope: Scope) -> QuerySet[Address]:
    """Where goods for the acting company may go: its own addresses in use (ACC-03)."""
    if scope.company_id is None:
        return Address.objects.none()
    return Address.objects.filter(company_id=scope.company_id, is_ship_to=True, is_active=True)


def ship_to_below(scope: Scope) -> QuerySet[Address]:
    """Where goods for the companies that somebody manages may go: the acting one's and those below it."""
    reach = scope.reach(Right.MANAGE_COMPANY)
    rows = Address.objects.filter(company_id__in=reach, is_ship_to=True, is_active=True)
    return rows.select_related("company").order_by("company__name", "name", "pk")


def addresses_for(scope: Scope) -> QuerySet[Address]:
    """All addresses in use of the acting company."""
    return Address.objects.filter(company_id=scope.company_id or 0, is_active=True)


def address_in(scope: Scope, erp_id: str) -> Address:
    """An address in use of the acting company. Raises NotFound, the same for unknown and foreign ones."""
    found = addresses_for(scope).filter(erp_id=erp_id).first()
    if found is None:
        raise NotFound(_("There is no such address."))
    return found
