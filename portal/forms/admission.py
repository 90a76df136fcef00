"""What the staff decides about a registration: a new customer, a person of one there is, no, and who looks after it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions.admission import Admission
from accounts.models import Company, Registration, Segment, User
from accounts.states import Role


class AdmitForm(forms.Form):
    """The new customer. is_manager: whether somebody else may be named, and a double be spoken for. first_limit: of nothing typed."""

    parent = forms.CharField(
        label=_("Belongs to the group"),
        required=False,
        max_length=40,
        help_text=_("A customer number; empty for none. A branch has its parent's terms and prices."),
        widget=forms.TextInput(attrs={"list": "parents", "autocomplete": "off"}),
    )
    segments = forms.TypedMultipleChoiceField(
        label=_("Segments"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    credit_limit = forms.DecimalField(
        label=_("First credit limit"),
        required=False,
        min_value=0,
        max_digits=18,
        decimal_places=2,
        help_text=_(
            "With VAT. 0: no credit, the checkout refuses every order until finance sets a limit in the ERP. A branch "
            "shares its group's. It goes to the ERP with the customer; from then on it is the ERP's, and is changed there."
        ),
    )
    sales_rep = forms.TypedChoiceField(label=_("Sales contact"), coerce=int, required=False, empty_value=None)
    is_no_double = forms.BooleanField(
        label=_("It is another company than those that look the same"), required=False
    )

    def __init__(
        self,
        *args: Any,
        segments: Iterable[Segment],
        staff: Iterable[User],
        is_manager: bool,
        is_doubtful: bool,
        first_limit: Decimal,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.first_limit = first_limit
        named = [(segment.pk, f"{segment.get_kind_display()}: {segment.name}") for segment in segments]
        people = [("", _("nobody yet")), *((user.pk, str(user)) for user in staff)]
        self.fields["segments"].choices = named  # type: ignore[attr-defined]
        self.fields["sales_rep"].choices = people  # type: ignore[attr-defined]
        gone = [("segments", bool(named)), ("sales_rep", is_manager), ("is_no_double", is_doubtful)]
        for name, stays in gone:
            if not stays:
                del self.fields[name]

    def admission(self, currency: str) -> Admission:
        """What was chosen, for the action. Only after is_valid(). currency: of a customer without a parent."""
        data = self.cleaned_data
        return Admission(
            currency=currency,
            parent=data["parent"],
            segments=tuple(data.get("segments", ())),
            sales_rep=data.get("sales_rep"),
            is_no_double=bool(data.get("is_no_double")),
            credit_limit=self.first_limit if data["credit_limit"] is None else data["credit_limit"],
        )


class AttachForm(forms.Form):
    """The customer that the person belongs to, and what he or she may do there."""

    company = forms.ChoiceField(label=_("Customer"))
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, initial=[Role.BUYER], widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, companies: Iterable[Company], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].choices = [(item.number, f"{item.number} · {item.name}") for item in companies]  # type: ignore[attr-defined]


class RejectForm(forms.Form):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason; the person reads it in the mail"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why: the person gets the reason by mail.")},
    )


class HandOverForm(forms.Form):
    """Who looks after a registration."""

    sales_rep = forms.TypedChoiceField(
        label=_("Handed over to"), coerce=int, required=False, empty_value=None
    )

    def __init__(self, *args: Any, staff: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [("", _("nobody yet")), *((user.pk, str(user)) for user in staff)]
        self.fields["sales_rep"].choices = people  # type: ignore[attr-defined]


class PlaceForm(forms.Form):
    """Below whom a customer hangs that the ERP does not know yet."""

    parent = forms.CharField(
        label=_("Belongs to the group"),
        required=False,
        max_length=40,
        help_text=_(
            "A customer number; empty for none. As soon as the ERP has the customer, it is changed there."
        ),
        widget=forms.TextInput(attrs={"list": "parents", "autocomplete": "off"}),
    )

    @classmethod
    def of(cls, registration: Registration) -> "PlaceForm":
        """The form with the parent there is."""
        company = registration.company
        return cls(initial={"parent": company.parent.number if company and company.parent else ""})
