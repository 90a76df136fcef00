"""Whose rows a person of the staff meets: every admin class says where its customer stands, and this filters by it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from accounts.customers import Customers, customers_of
from accounts.queries.companies import all_companies

# Rows that name customers in no column of their own: shown to whoever meets every customer.
EVERY = "*"


def customers_for(request: HttpRequest) -> Customers:
    """The customers of the person who asks; found once per request."""
    found: Customers | None = getattr(request, "customers", None)
    if found is None:
        found = request.customers = customers_of(request.user)  # type: ignore[attr-defined, arg-type]
    return found


def numbers_for(request: HttpRequest) -> QuerySet[Any]:
    """The companies that the person who asks may choose from."""
    return all_companies().filter(customers_for(request).of("pk"))


class OwnChoices(admin.RelatedFieldListFilter):
    """A filter of a list that offers only the rows of the other list that the person meets there."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """The names in the other list's order."""
        other = model_admin.admin_site._registry[field.related_model]
        return [(row.pk, str(row)) for row in other.get_queryset(request).distinct()]


class OwnCustomers:
    """Limits an admin class, or an inline, to the rows of the person's own customers (ACC-16).

    customer: the path to the company, such as "order__company"; None for rows of no customer at all;
    EVERY for rows that only those see who meet every customer. It must be said: see tests/admin/test_own_customers.py.
    """

    customer: ClassVar[str | None]

    def get_queryset(self, request: HttpRequest) -> Any:
        """The rows of the own customers."""
        return self.own(request, super().get_queryset(request))  # type: ignore[misc]

    def own(self, request: HttpRequest, rows: Any) -> Any:
        """Those of the rows that belong to the person's customers."""
        customers = customers_for(request)
        return rows if customers.is_all else rows.filter(self.condition(customers))

    def condition(self, customers: Customers) -> Q:
        """The condition on a row for whoever does not meet every customer."""
        if self.customer is None:
            return Q()
        return Q(pk__in=[]) if self.customer == EVERY else customers.of(self.customer)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the role; and what names customers at large only for whoever meets all."""
        if self.customer == EVERY and not customers_for(request).is_all:
            return False
        return bool(super().has_view_permission(request, obj))  # type: ignore[misc]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same for its place in the index."""
        if self.customer == EVERY and not customers_for(request).is_all:
            return False
        return bool(super().has_module_permission(request))  # type: ignore[misc]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; one of somebody else's customer and an unknown one are both not found, without a word more."""
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if found is None:
            raise Http404
        return found
