"""Changes of rights in the back office, as sentences: who was given which role by whom."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from accounts.queries.people import all_ids_named, all_names_of
from core.models import RowChange
from core.pairs import made_by_set_up, of_no_rights, things_of
from portal.admin.customers import EVERY
from portal.admin.fed import FedAdmin
from portal.admin.history import channel_words

SENTENCES: dict[tuple[str, str], Any] = {
    ("accounts_user_groups", "+"): _("%(user)s was given the role %(group)s"),
    ("accounts_user_groups", "-"): _("%(user)s lost the role %(group)s"),
    ("accounts_user_user_permissions", "+"): _("%(user)s was given the permission “%(permission)s”"),
    ("accounts_user_user_permissions", "-"): _("%(user)s lost the permission “%(permission)s”"),
    ("accounts_membership_own_roles", "+"): _("%(membership)s was given the role %(companyrole)s"),
    ("accounts_membership_own_roles", "-"): _("%(membership)s lost the role %(companyrole)s"),
    ("accounts_companygrouppermission", "+"): _(
        "The role %(group)s was given the permission “%(permission)s” at %(content_object)s"
    ),
    ("accounts_companygrouppermission", "-"): _(
        "The role %(group)s lost the permission “%(permission)s” at %(content_object)s"
    ),
    ("auth_group_permissions", "+"): _("The role %(group)s was given the permission “%(permission)s”"),
    ("auth_group_permissions", "-"): _("The role %(group)s lost the permission “%(permission)s”"),
    ("auth_group", "+"): _("The role %(name)s was made"),
    ("auth_group", "~"): _("The role %(was)s was renamed to %(name)s"),
    ("auth_group", "-"): _("The role %(name)s was deleted"),
    ("orders_invoice_orders", "+"): _("Invoice %(invoice)s was put to order %(order)s"),
    ("orders_invoice_orders", "-"): _("Invoice %(invoice)s was taken from order %(order)s"),
}
MACHINES = {"shell": _("a command at the server"), "sql": _("SQL by hand")}


def sentences_of(changes: Sequence[RowChange]) -> list[str]:
    """Changes in words, in their order; a fixed number of statements, however many there are."""
    people = all_names_of(change.user_id for change in changes if change.user_id)
    return [
        _sentence(change, things, people) for change, things in zip(changes, things_of(changes), strict=True)
    ]


def _sentence(change: RowChange, things: dict[str, str], people: dict[int, str]) -> str:
    text = SENTENCES.get((change.table_name, change.kind))
    if text is None:
        return f"{change.table_name} {change.kind} {change.before or ''} → {change.after or ''}"
    was = (change.before or {}).get("name", "")
    by = people.get(change.user_id or 0) or str(MACHINES.get(change.channel) or "")
    words = {
        "what": text % {**things, "was": was},
        "who": by or change.actor_label or channel_words(change.channel),
    }
    return _gettext("%(what)s by %(who)s.") % words


class RightsList(ChangeList):
    """A page of changes with their sentences, in a fixed number of statements."""

    def get_results(self, request: HttpRequest) -> None:
        """The changes, each with its `sentence`."""
        super().get_results(request)
        changes = list(self.result_list)
        for change, words in zip(changes, sentences_of(changes), strict=True):
            change.sentence = words
        self.result_list = changes


class SetUpFilter(admin.SimpleListFilter):
    """Leaves out what the set-up made and what is no right, unless asked for."""

    title, parameter_name = _("which"), "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What else can be shown."""
        return [("set_up", _("made by the set-up")), ("all", _("everything that is kept"))]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The first choice is no “all” here, so it says what it is."""
        first, *others = super().choices(changelist)
        yield {**first, "display": _("roles and rights given and taken")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[RowChange]) -> QuerySet[RowChange]:
        """The changes chosen."""
        if self.value() == "all":
            return queryset
        if self.value() == "set_up":
            return queryset.filter(made_by_set_up())
        return queryset.exclude(made_by_set_up()).exclude(of_no_rights())


@admin.register(RowChange)
class RowChangeAdmin(FedAdmin):
    """Changes of groups, of who is in which, and of the rights of roles."""

    customer = EVERY
    list_display = ("at", "words", "behalf", "way")
    list_filter = (SetUpFilter, "at")
    search_fields = ("actor_label", "correlation_id")
    search_help_text = _("Name or e-mail address of a person, cause")
    ordering = ("-id",)
    readonly_fields = ("words",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list with its sentences."""
        return RightsList

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """What the columns hold, and the changes by and of the people so named."""
        found, has_doubles = super().get_search_results(request, queryset, search_term)
        ids = all_ids_named(search_term.strip())
        whose = Q(user_id__in=ids) | Q(after__user_id__in=ids) | Q(before__user_id__in=ids)
        return (found | queryset.filter(whose) if ids else found), has_doubles

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """The sentence, then the columns."""
        return [(_("In words"), {"fields": ["words"]}), *super().get_fieldsets(request, obj)]

    @admin.display(description=_("change"), ordering="id")
    def words(self, change: RowChange) -> str:
        """The change as a sentence."""
        return getattr(change, "sentence", None) or sentences_of([change])[0]

    @admin.display(description=_("on behalf of"), ordering="on_behalf_of")
    def behalf(self, change: RowChange) -> str:
        """Company and person acted for, as told then."""
        return change.on_behalf_of or "–"

    @admin.display(description=_("by way of"), ordering="channel")
    def way(self, change: RowChange) -> str:
        """The channel in words."""
        return channel_words(change.channel)
