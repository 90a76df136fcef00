"""Forms of the back office that were opened before somebody else changed the row: refused, with the difference."""

from hashlib import sha256
from typing import Any

from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model
from django.forms.models import _get_foreign_key, model_to_dict
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import refusals
from core.errors import DomainError, NotAllowed, NotFound, NotOwner
from core.past import versions_of
from portal.admin.history import ShownVersion
from portal.admin.pages import admin_page

SEEN = "seen_version"
# Refused for who asks or what is asked for, not for what was typed: the middleware answers.
NOT_OF_THE_FORM = (NotAllowed, NotFound, NotOwner)


class _Refused:
    """Lies over the form of a row whose action refused it: what was typed stays, with the refusal at its field."""

    refusal: DomainError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        field = self.refusal.details.get("field")
        self.add_error(field if field in self.fields else None, str(self.refusal))  # type: ignore[attr-defined]


class FreshForm:
    """An admin class whose form carries what it was made of, and is refused when that has changed (failure bank 48).

    What it was made of: the values of its fields, those of its inline rows, and the newest version of the row's
    history, so that a synchronisation is noticed as well as a person. A post without it is not from a page of ours, and is
    refused the same way.
    What the action behind the form refuses is told at its field, and nothing that was typed is lost.
    """

    change_form_before_template = "admin/accord/_seen.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form of a row; a post that is out of date answers 409, one that is refused shows why: neither writes."""
        asked = (request, object_id, form_url, extra_context)
        try:
            return self._fresh(*asked)
        except NOT_OF_THE_FORM:
            raise
        except DomainError as error:
            refusals.keep(error, by=request.actor)  # type: ignore[attr-defined]
            request.refused_by = error  # type: ignore[attr-defined]
            seen = {"seen": request.POST[SEEN]} if SEEN in request.POST else {}
            return self._form(request, object_id, form_url, {**(extra_context or {}), **seen})

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form; of a post that was refused by the action, with the refusal."""
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        refusal = getattr(request, "refused_by", None)
        return form if refusal is None else type(form)(form.__name__, (_Refused, form), {"refusal": refusal})

    def _fresh(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        if object_id is None or not self.has_change_permission(request):  # type: ignore[attr-defined]
            return self._form(request, object_id, form_url, extra_context)
        with transaction.atomic():
            if request.method == "POST":
                # By the bare table: what a list counts beside its rows cannot be locked.
                rows = self.model._base_manager.filter(pk=unquote(object_id))  # type: ignore[attr-defined]
                rows.select_for_update(of=("self",), no_key=True).first()
            row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
            if row is None or not self.has_change_permission(request, row):  # type: ignore[attr-defined]
                return self._form(request, object_id, form_url, extra_context)
            now = self._version(request, row)
            if request.method == "POST" and request.POST.get(SEEN) != now:
                return self._refused(request, row)
            seen = request.POST.get(SEEN, now)
            return self._form(request, object_id, form_url, {**(extra_context or {}), "seen": seen})

    def _form(self, request: HttpRequest, *args: Any) -> HttpResponse:
        shown: HttpResponse = super().changeform_view(request, *args)  # type: ignore[misc]
        return shown

    def _version(self, request: HttpRequest, row: Model) -> str:
        parts = [repr(sorted((name, str(value)) for name, value in self._values(request, row).items()))]
        for inline in self.get_inline_instances(request, row):  # type: ignore[attr-defined]
            key = _get_foreign_key(type(row), inline.model, fk_name=inline.fk_name)
            rows = inline.get_queryset(request).filter(**{key.name: row}).order_by("pk")
            parts += [
                repr(sorted((name, str(value)) for name, value in model_to_dict(one).items())) for one in rows
            ]
        if hasattr(type(row), "history"):
            newest = versions_of(type(row), row.pk, most=1)
            parts += [f"{newest[0].at:%s%f}"] if newest else []
        return sha256("\n".join(parts).encode()).hexdigest()

    def _values(self, request: HttpRequest, row: Model) -> dict[str, Any]:
        form = self.get_form(request, row, change=True)(instance=row)
        return {name: _plain(form.get_initial_for_field(field, name)) for name, field in form.fields.items()}

    def _refused(self, request: HttpRequest, row: Model) -> HttpResponse:
        stored = self._values(request, row)
        form = self.get_form(request, row, change=True)(request.POST, request.FILES, instance=row)
        differences = [
            (field.label or name, _word(field, stored[name]), _word(field, form[name].value()))
            for name, field in form.fields.items()
            if field.has_changed(stored[name], form[name].value())
        ]
        versions = versions_of(type(row), row.pk, most=1) if hasattr(type(row), "history") else []
        context = {
            "row": row,
            "has_stamp": SEEN in request.POST,
            "opts": row._meta,
            "differences": differences,
            "versions": [ShownVersion(one, with_cause=False) for one in versions],
        }
        return admin_page(
            request, "admin/accord/stale.html", title=_("Changed meanwhile: %(row)s") % {"row": row}, context=context, status=409
        )  # fmt: skip


def _plain(value: Any) -> Any:
    """A value as the form would send it: rows as their keys, in order."""
    if isinstance(value, Model):
        return value.pk
    if hasattr(value, "values_list"):
        return sorted(value.values_list("pk", flat=True))
    if isinstance(value, (list, tuple, set)):
        return sorted((_plain(item) for item in value), key=str)
    return value


def _word(field: Any, value: Any) -> str:
    """A value as people read it."""
    if value in (None, ""):
        return "–"
    choices = getattr(field, "choices", None)
    names = (
        {}
        if choices is None or hasattr(choices, "queryset")
        else {str(key): str(name) for key, name in choices}
    )
    values = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(names.get(str(item), str(item)) for item in values)
