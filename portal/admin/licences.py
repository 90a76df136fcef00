"""Licences that customers hold, and their kinds: kept by hand here, or read from the ERP and shown."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.actions.licences import drop_licence, keep_licence
from accounts.models import Licence, LicenceKind
from core import ownership
from core.days import erp_today
from portal.admin.customers import OwnCustomers
from portal.admin.kept_rows import KeptAdmin
from portal.admin.licence_words import LICENCE_TONES, licence_standing, licences_in


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


class LicenceStanding(admin.SimpleListFilter):
    """By whether licences count today, or end soon."""

    title, parameter_name = _("counts"), "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What somebody looks for."""
        return [
            ("counts", _("counts")),
            ("ending", _("ends within 60 days")),
            ("expired", _("expired or withdrawn")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Licence]) -> QuerySet[Licence]:
        """The licences of one standing on the day of the ERP."""
        return licences_in(queryset, self.value() or "", erp_today())


@admin.register(Licence)
class LicenceAdmin(KeptAdmin):
    """The licences that companies hold."""

    customer = "company"
    keep = staticmethod(keep_licence)
    drop = staticmethod(drop_licence)
    list_display = (
        "company", "kind", "number", "standing", "valid_from", "valid_until", "system", "as_of",
    )  # fmt: skip
    list_select_related = ("company", "kind")
    list_filter = (LicenceStanding, "kind", "system")
    readonly_fields = ("system", "as_of")
    autocomplete_fields = ("company", "kind")
    search_fields = ("company__number", "company__name", "number")

    @display(description=_("counts"), label=LICENCE_TONES)
    def standing(self, licence: Licence) -> tuple[str, Any]:
        """Whether it counts today, and if not, why."""
        return licence_standing(licence, erp_today())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the ERP vouches for is changed there alone."""
        return _is_ours(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same."""
        return _is_ours(obj) and super().has_delete_permission(request, obj)


def _is_ours(licence: Licence | None) -> bool:
    return licence is None or licence.system == ownership.US
