"""Why a company sees a product, or does not: the page of the back office that asks the rules themselves."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from accounts.queries.licences import licences_of
from accounts.queries.lines import line_of
from accounts.segments import segment_words
from catalog.explanation import Deciding, Verdict, all_explained
from catalog.ranges import EVERYBODY, SEGMENT, Standing
from core.days import erp_today
from portal.admin.customers import numbers_for
from portal.admin.licence_words import held_words
from portal.admin.pages import admin_page
from portal.forms.explained import WhatForm

VERDICTS: dict[Verdict, Any] = {
    Verdict.UNPUBLISHED: _("The PIM has no content for it, so nobody sees it."),
    Verdict.OPEN: _(
        "No assortment was ever given to this customer, so it sees everything that is published."
    ),
    Verdict.CLOSED: _(
        "It was given assortments, and none counts on this day, so it sees nothing: an end never opens the catalogue."
    ),
    Verdict.TAKEN_OUT: _("An assortment that counts takes it out, and taking out wins."),
    Verdict.NOT_IN: _("None of the assortments that count puts it in."),
    Verdict.SEEN: _("An assortment that counts holds it, and none takes it out."),
}


STANDINGS: dict[Standing, Any] = {
    Standing.COUNTS: (_("Counts"), "good", "check"),
    Standing.NOT_YET: (_("Not yet"), "", "clock"),
    Standing.OVER: (_("Over"), "", "clock"),
    Standing.REPLACED: (_("Replaced by a nearer one"), "", "arrow-down"),
}


def explain_entitlement(request: HttpRequest) -> HttpResponse:
    """Why a company sees a product, or does not: the deciding rules in order, with their origin (ENT-14)."""
    if not request.user.has_perm("catalog.view_assortment"):
        raise PermissionDenied
    asked = "sku" in request.GET
    companies = numbers_for(request)
    named = {"company": request.GET.get("company", "")}  # by a customer's page, which chooses no product
    form = WhatForm(request.GET if asked else None, initial=named, companies=companies)
    context: dict[str, Any] = {"form": form, "companies": companies.order_by("number")[:500]}
    if asked and form.is_valid():
        context |= _answer(form.cleaned_data)
    status = 422 if asked and not form.is_valid() else 200
    return admin_page(
        request,
        "admin/accord/catalog/explain.html",
        title=str(_("Who sees what, and why")),
        context=context,
        status=status,
    )


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    company, product, on = asked["company"], asked["sku"], asked["on"] or erp_today()
    line = line_of(company.pk)
    lineage = [item.pk for item in line]
    found = all_explained(lineage, product, on)
    licences = licences_of(lineage) if found.restrictions else []
    return {
        "company": company,
        "product": product,
        "on": on,
        "found": found,
        "because": VERDICTS[found.verdict],
        "rows": [_row(one, line) for one in found.deciding],
        "restrictions": [
            (one.restriction, held_words(one.restriction.licence_kind_id, licences, on))
            for one in found.restrictions
        ],
    }


def _row(one: Deciding, line: list[Company]) -> dict[str, Any]:
    word, tone, icon = STANDINGS[one.standing]
    return {
        "given": one.given,
        "origin": _origin(one, line),
        "rules": one.rules,
        "says": _says(one),
        "counts": one.counts,
        "standing": word,
        "tone": tone,
        "icon": icon,
    }


def _origin(one: Deciding, line: list[Company]) -> Any:
    if one.given.level == EVERYBODY:
        return _("everybody")
    if one.given.level == SEGMENT:
        return _("segment %(name)s") % {"name": segment_words(one.given.origin)}
    company = line[one.given.level]
    words = {"company": company, "number": company.number, "level": one.given.level}
    if one.given.level == 0:
        return _("%(company)s (%(number)s) itself") % words
    return _("inherited from %(company)s (%(number)s), %(level)s above") % words


def _says(one: Deciding) -> Any:
    if one.takes_out:
        return _("takes it out")
    return _("puts it in") if one.puts_in else _("does not name it")
