"""The page on which the staff decides about a company that has registered, and its steps."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import applicants
from accounts.actions import admission, opening
from accounts.models import Registration
from accounts.registrations import RegistrationState, TaxAnswer
from accounts.segments import all_segment_rows
from accounts.staff import SALES, SALES_MANAGER, all_staff_in, is_in
from core.errors import InvalidValue
from portal.admin.customers import customers_for
from portal.admin.pages import admin_page
from portal.admin.refusals import refusing, shown
from portal.forms.admission import AdmitForm, AttachForm, HandOverForm, PlaceForm, RejectForm

TAX_TONES = {"valid": "good", "invalid": "bad", "unreached": "warn", "uncheckable": "warn"}
MOST_PARENTS = 200
PAGE = "admin:accounts_registration_page"


def _found(request: HttpRequest, registration_id: int) -> Registration:
    found = applicants.registrations_at(request.user).filter(pk=registration_id).first()  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


@shown
def registration_page(request: HttpRequest, registration_id: int) -> HttpResponse:
    """One registration: what was typed, what the register says, who looks the same; and the decision."""
    return _page(request, registration_id)


def _page(request: HttpRequest, registration_id: int, bound: Form | None = None) -> HttpResponse:
    found = _found(request, registration_id)
    similar = applicants.seen_by(request.user, applicants.similar_to(found))  # type: ignore[arg-type]
    company = found.company
    context: dict[str, Any] = {
        "registration": found,
        "number": opening.number_for(found),
        "similar": [item for item in similar if item.may_see],
        "others": len([item for item in similar if not item.may_see]),
        "doubles": applicants.others_waiting(found).filter(
            pk__in=applicants.registrations_at(request.user).values("pk")  # type: ignore[arg-type]
        ),
        "tax_tone": TAX_TONES.get(found.tax_answer, ""),
        "may_ask": found.tax_answer in (TaxAnswer.UNREACHED, TaxAnswer.FORM, TaxAnswer.INVALID)
        and bool(settings.TAX_REGISTER["url"]),
        "is_open": found.state == RegistrationState.WAITING,
        "is_on_its_way": bool(company and not company.erp_id and found.state == RegistrationState.APPROVED),
        "may_decide": applicants.may_decide(request.user),  # type: ignore[arg-type]
        "is_manager": is_in(request.user, SALES_MANAGER),  # type: ignore[arg-type]
        "parents": applicants.parents_for(customers_for(request), "")[:MOST_PARENTS],
        **_forms(request, found, similar, bound),
    }
    status = 422 if bound is not None else 200
    template = "admin/accord/accounts/registration.html"
    return admin_page(request, template, title=found.company_name, context=context, status=status)


def _forms(
    request: HttpRequest, found: Registration, similar: list[applicants.Similar], bound: Form | None
) -> dict[str, Form]:
    """The forms of the page; the one that was refused as it was typed."""
    made: dict[str, Form] = {
        "admit": _admit_form(request, found, similar),
        "attach": _attach_form(similar),
        "reject": RejectForm(),
        "hand_over": HandOverForm(staff=_staff(), initial={"sales_rep": found.sales_rep_id}),
        "place": PlaceForm.of(found),
    }
    return {
        name: bound if bound is not None and type(bound) is type(form) else form
        for name, form in made.items()
    }


def _staff() -> list[Any]:
    return all_staff_in(SALES, SALES_MANAGER)


def _admit_form(
    request: HttpRequest, found: Registration, similar: list[applicants.Similar], data: Any = None
) -> AdmitForm:
    is_manager = is_in(request.user, SALES_MANAGER)  # type: ignore[arg-type]
    first = Decimal(str(settings.REGISTRATION_CREDIT_LIMIT)).quantize(Decimal("0.01"))
    return AdmitForm(
        data,
        segments=all_segment_rows(),
        staff=_staff(),
        is_manager=is_manager,
        is_doubtful=is_manager and any(item.is_certain for item in similar),
        first_limit=first,
        initial={"sales_rep": found.sales_rep_id, "credit_limit": first},
    )


def _attach_form(similar: list[applicants.Similar], data: Any = None) -> AttachForm:
    fitting = [item.company for item in similar if item.may_see and applicants.TAX_ID in item.rules]
    return AttachForm(data, companies=fitting)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() else 0


def _decide(
    request: HttpRequest, registration_id: int, form: Form, act: Callable[[], Any], done: str
) -> HttpResponse:
    """One decision: the form is shown again with what is wrong beside its field, or the page as it is then."""
    if not form.is_valid():
        return _page(request, registration_id, form)
    try:
        act()
    except InvalidValue as error:
        name = str(error.details.get("field", ""))
        form.add_error(name if name in form.fields else None, str(error))
        return _page(request, registration_id, form)
    messages.success(request, done)
    return redirect(PAGE, registration_id)


@require_POST
@refusing(registration_page)
def admit(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Let it in as a new customer."""
    found = _found(request, registration_id)
    similar = applicants.seen_by(request.user, applicants.similar_to(found))  # type: ignore[arg-type]
    form = _admit_form(request, found, similar, request.POST)
    return _decide(
        request,
        registration_id,
        form,
        lambda: admission.admit_company(
            found.pk,
            form.admission(settings.REGISTRATION_CURRENCY),
            version=_version(request),
            by=request.actor,  # type: ignore[attr-defined]
        ),
        _("%(company)s is approved: a mail with the link is on its way to %(person)s.")
        % {"company": found.company_name, "person": found.person_name},
    )


@require_POST
@refusing(registration_page)
def attach(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Join the person to a customer that there is."""
    found = _found(request, registration_id)
    similar = applicants.seen_by(request.user, applicants.similar_to(found))  # type: ignore[arg-type]
    form = _attach_form(similar, request.POST)
    return _decide(
        request,
        registration_id,
        form,
        lambda: admission.attach_person(
            found.pk,
            form.cleaned_data["company"],
            form.cleaned_data["roles"],
            version=_version(request),
            by=request.actor,  # type: ignore[attr-defined]
        ),
        _("%(person)s is invited and gets a mail now.") % {"person": found.person_name},
    )


@require_POST
@refusing(registration_page)
def reject(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Say no, with the reason."""
    found = _found(request, registration_id)
    form = RejectForm(request.POST)
    return _decide(
        request,
        registration_id,
        form,
        lambda: admission.reject_registration(
            found.pk,
            form.cleaned_data["reason"],
            version=_version(request),
            by=request.actor,  # type: ignore[attr-defined]
        ),
        _("Rejected: %(person)s gets a mail with the reason.") % {"person": found.person_name},
    )


@require_POST
@refusing(registration_page)
def hand_over(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Say who looks after it."""
    found = _found(request, registration_id)
    form = HandOverForm(request.POST, staff=_staff())
    return _decide(
        request,
        registration_id,
        form,
        lambda: admission.hand_over_registration(
            found.pk,
            form.cleaned_data["sales_rep"],
            version=_version(request),
            by=request.actor,  # type: ignore[attr-defined]
        ),
        _("Handed over."),
    )


@require_POST
@refusing(registration_page)
def place(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Hang the new customer elsewhere while the ERP does not know it."""
    found = _found(request, registration_id)
    form = PlaceForm(request.POST)
    number = found.company.number if found.company else ""
    return _decide(
        request,
        registration_id,
        form,
        lambda: opening.place_company(number, form.cleaned_data["parent"], by=request.actor),  # type: ignore[attr-defined]
        _("It hangs there now, and goes to the ERP so."),
    )


@require_POST
@refusing(registration_page)
def ask_again(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Have the register asked once more."""
    admission.ask_register_again(registration_id, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("The register is asked; its answer appears here."))
    return redirect(PAGE, registration_id)


@require_POST
@refusing(registration_page)
def send_again(request: HttpRequest, registration_id: int) -> HttpResponse:
    """Send the customer to the ERP once more."""
    opening.send_company_again(registration_id, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("It is on its way to the ERP again."))
    return redirect(PAGE, registration_id)


STEPS = {
    "admit": admit,
    "attach": attach,
    "reject": reject,
    "hand-over": hand_over,
    "place": place,
    "ask-again": ask_again,
    "send-again": send_again,
}
