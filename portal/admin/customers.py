"""Whose rows a person of the staff meets: every admin class says where its customer stands, and this filters by it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from accounts.customers import Customers, customers_of, memberships_at
from accounts.models import User
from accounts.queries.companies import all_companies
from accounts.queries.people import all_people
from portal.admin.counted import BoundedPaginator

# Rows that name customers in no column of their own: shown to whoever meets every customer.
EVERY = "*"


# People: those of the staff, by whom rows are filtered, belong to no customer.
STAFF_TOO = "memberships__company"


class OwnChoices(admin.RelatedFieldListFilter):
    """A filter by another model, of which it offers the rows that the person meets."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """The choices, in their own order."""
        rows = model_admin.admin_site._registry[field.related_model].get_queryset(request)
        return field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to={"pk__in": rows.values("pk")},
        )


def customers_for(request: HttpRequest) -> Customers:
    """The customers of the person who asks; found once per request."""
    found: Customers | None = getattr(request, "customers", None)
    if found is None:
        found = request.customers = customers_of(request.user)  # type: ignore[attr-defined, arg-type]
    return found


def numbers_for(request: HttpRequest) -> QuerySet[Any]:
    """The companies that the person who asks may choose from."""
    return all_companies().filter(customers_for(request).of("pk"))


def people_for(request: HttpRequest) -> QuerySet[Any]:
    """The people whom the person who asks may look at: of the own customers; the staff for whoever meets all."""
    customers = customers_for(request)
    people = all_people()
    return people if customers.is_all else people.filter(pk__in=memberships_at(customers).values("user"))


def person_of(user_id: int) -> User:
    """The person whose page it is. Raises Http404."""
    found = all_people().filter(pk=user_id).first()
    if found is None:
        raise Http404
    return found


class OwnCustomers:
    """Limits an admin class, or an inline, to the rows of the person's own customers (ACC-16).

    customer: the path to the company, such as "order__company"; None for rows of no customer at all;
    EVERY for rows that only those see who meet every customer. It must be said: see tests/admin/test_own_customers.py.
    """

    customer: ClassVar[str | None]
    paginator: ClassVar[Any] = BoundedPaginator
    show_full_result_count = False

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

    def get_list_filter(self, request: HttpRequest) -> Any:
        """A filter by rows that belong to customers offers those that the person meets."""
        return [self._filter(one) for one in super().get_list_filter(request)]  # type: ignore[misc]

    def _filter(self, one: Any) -> Any:
        field = self.model._meta._forward_fields_map.get(one) if isinstance(one, str) else None  # type: ignore[attr-defined]
        if field is None or field.related_model is None or field.many_to_many:
            return one
        kept = self.admin_site._registry.get(field.related_model)  # type: ignore[attr-defined]
        is_bound = kept is not None and kept.customer not in (None, EVERY, STAFF_TOO)
        return (one, OwnChoices) if is_bound else one

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
