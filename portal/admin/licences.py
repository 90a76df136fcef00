"""Licences that products can require, and who holds them, as the back office keeps them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from accounts.actions.licences import drop_licence, keep_licence
from accounts.models import Licence, LicenceKind
from core import ownership
from portal.admin.customers import OwnCustomers
from portal.admin.kept_rows import KeptAdmin


class LicenceInline(OwnCustomers, TabularInline):
    """Who holds it."""

    customer = "company"
    model = Licence
    fields = ("company", "number", "valid_from", "valid_until", "is_withdrawn", "system")
    readonly_fields = ("system",)
    autocomplete_fields = ("company",)
    extra = 0
    tab = False


@admin.register(LicenceKind)
class LicenceKindAdmin(KeptAdmin):
    """The licences that products can require."""

    customer = None
    keep = staticmethod(keep_licence)
    drop = staticmethod(drop_licence)
    list_display = ("code", "name", "next_step")
    search_fields = ("code", "name")
    inlines = (LicenceInline,)


@admin.register(Licence)
class LicenceAdmin(KeptAdmin):
    """The licences that companies hold."""

    customer = "company"
    keep = staticmethod(keep_licence)
    drop = staticmethod(drop_licence)
    list_display = (
        "company", "kind", "number", "valid_from", "valid_until", "is_withdrawn", "system", "as_of",
    )  # fmt: skip
    list_select_related = ("company", "kind")
    list_filter = ("kind", "is_withdrawn", "system")
    readonly_fields = ("system", "as_of")
    autocomplete_fields = ("company", "kind")
    search_fields = ("company__number", "company__name", "number")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the ERP vouches for is changed there alone."""
        return _is_ours(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same."""
        return _is_ours(obj) and super().has_delete_permission(request, obj)


def _is_ours(licence: Licence | None) -> bool:
    return licence is None or licence.system == ownership.US
