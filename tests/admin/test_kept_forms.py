"""Forms of the back office that are refused: in words of people, at the field, with all that was typed."""

import pytest
from django.contrib import admin
from django.db.models import CheckConstraint, UniqueConstraint
from django.urls import reverse

from accounts.models import Licence, LicenceKind, Segment
from core.models import Refusal
from portal.admin.access import ADD, CHANGE, ROWS

TYPED_INTO = [
    model
    for model in admin.site._registry
    if model._meta.label in ROWS and {ADD, CHANGE} & ROWS[model._meta.label].forms
]
NO_ROWS = {
    f"{prefix}-{name}": "0"
    for prefix in ("limits", "members")
    for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
}


def is_refused_before(model, constraint):
    """Whether it only repeats the choices of a field, which no form lets pass."""
    children = constraint.condition.children
    if len(children) != 1 or not isinstance(children[0], tuple):
        return False
    name, _double, lookup = children[0][0].partition("__")
    return lookup == "in" and bool(model._meta.get_field(name).choices)


@pytest.mark.parametrize("model", TYPED_INTO, ids=lambda model: model._meta.label)
def test_what_the_database_refuses_is_told_in_words(model):
    models = [model, *(inline.model for inline in admin.site._registry[model].inlines)]
    silent = [
        constraint.name
        for one in models
        for constraint in one._meta.constraints
        if isinstance(constraint, CheckConstraint)
        or (isinstance(constraint, UniqueConstraint) and constraint.condition is not None)
        if constraint.violation_error_message == constraint.default_violation_error_message
        if not is_refused_before(one, constraint)
    ]

    assert silent == []


@pytest.mark.django_db
@pytest.mark.req("ACC-15")
def test_a_refused_form_keeps_what_was_typed_and_marks_the_field(mona):
    address = reverse("admin:accounts_segment_add")
    form = {
        **NO_ROWS,
        "kind": "region",
        "code": "A",
        "name": "The south",
        "limits-TOTAL_FORMS": "1",
        "limits-0-kind": "prices",
        "limits-0-minutes": "45",
    }

    answer = mona.signed_in().post(address, form, headers={"Referer": f"http://testserver{address}"})

    assert answer.status_code == 200
    shown = answer.context["adminform"].form
    assert list(shown.errors) == ["code"]
    assert "small letters" in shown.errors["code"][0]
    assert (shown["name"].value(), shown["code"].value()) == ("The south", "A")
    assert 'value="45"' in answer.content.decode()
    assert not Segment.objects.exists()


@pytest.mark.django_db
@pytest.mark.req("ENT-05")
def test_a_licence_that_ends_before_it_begins_is_refused_in_words(mona, acme):
    kind = LicenceKind.objects.create(code="G", name="Gas")
    form = {
        "company": acme.pk,
        "kind": kind.pk,
        "number": "1",
        "valid_from": "2026-05-01",
        "valid_until": "2026-04-01",
    }

    answer = mona.signed_in().post(reverse("admin:accounts_licence_add"), form)

    assert "The end must come after the beginning." in answer.content.decode()
    assert not Licence.objects.exists()
    assert not Refusal.objects.exists()
