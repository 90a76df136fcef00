"""The plain lists and pages of the back office: what is fed or written by actions is shown, not edited.

Every field says who owns it; a button that calls an action is the only way to change anything.
"""

from typing import Any, ClassVar

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from core import ownership
from core.ownership import owner_of
from portal.admin.customers import OwnCustomers
from portal.admin.history import HistoryTab
from portal.templatetags.accord import at

OWNERS = {"erp": "ERP", "pim": "PIM", "us": "Accord"}


class FedAdmin(HistoryTab, OwnCustomers, ModelAdmin):
    """Shows a model without letting anybody type into it.

    Whoever posts all the same is told who owns the fields, and the attempt is kept among the
    refusals (PRC-12, INT-02). The page of a row groups the fields by their owner, with the age of the figures where the row
    has one; `hidden` names the fields left out.
    """

    hidden: tuple[str, ...] = ("id",)
    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = False

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        self.label = model._meta.label

    @property
    def fed_by(self) -> str:
        """The systems that such rows come from, in words; "" for what comes about here."""
        names = [field.name for field in self.model._meta.fields if not field.primary_key]
        owners = {owner_of(self.label, name) for name in names}
        return str(_(" and the ")).join(OWNERS[owner] for owner in ("erp", "pim") if owner in owners)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody makes such a row by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody types into one."""
        return False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of a new row; there is none to post."""
        self._refuse_writing(request)
        return super().add_view(request, *args, **kwargs)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of a row."""
        if not self.has_change_permission(request):
            self._refuse_writing(request)
        return super().change_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page that would delete a row."""
        self._refuse_writing(request)
        return super().delete_view(request, *args, **kwargs)

    def _refuse_writing(self, request: HttpRequest) -> None:
        """Raise NotOwner for a post, naming the fields that another system owns."""
        if request.method != "POST":
            return
        fields = [field.name for field in self.model._meta.fields if not field.primary_key]
        foreign = [name for name in fields if owner_of(self.label, name) != ownership.US]
        ownership.check(request.actor, self.label, foreign)  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """The fields in groups by owner: the ERP's, the PIM's, ours."""
        groups: dict[str, list[str]] = {}
        for field in self.model._meta.fields:
            if field.name not in self.hidden:
                groups.setdefault(owner_of(self.label, field.name), []).append(field.name)
        owners = [owner for owner in OWNERS if owner in groups]
        return [(self._title(owner, self.age_of(obj, owner)), {"fields": groups[owner]}) for owner in owners]

    def age_of(self, obj: Any, owner: str) -> Any:
        """How old the fields of an owner are, None where nobody knows."""
        return getattr(obj, "as_of", None)

    def _title(self, owner: str, as_of: Any) -> str:
        if owner == "us":
            return _("Kept here")
        if as_of is None:
            return _("Owned by the %(owner)s: change it there") % {"owner": OWNERS[owner]}
        return _("Owned by the %(owner)s: change it there · as of %(time)s") % {
            "owner": OWNERS[owner],
            "time": at(as_of),
        }


class FedHistoryAdmin(SimpleHistoryAdmin, FedAdmin):
    """A FedAdmin whose rows show their earlier versions (SEC-08)."""

    history_view = HistoryTab.history_view

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """On to all versions; a post is refused as on every fed row."""
        self._refuse_writing(request)
        return HistoryTab.history_form_view(self, request, object_id, version_id, extra_context)


class _Shown(OwnCustomers):
    """An inline that only shows; what belongs to the page's own row needs no further condition."""

    customer: ClassVar[str | None] = None

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds a row here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody types into one."""
        return False


class ShownTable(_Shown, TabularInline):
    """Rows that belong to the page's document, as a table."""

    tab = False
    hide_title = True
