"""The development page that shows every part of the look in every state."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TONES = [
    ("", _("Received")),
    ("work", _("On the way")),
    ("part", _("Partly shipped")),
    ("good", _("Delivered")),
    ("warn", _("Waiting for your answer")),
    ("bad", _("Refused")),
    ("out", _("Cancelled")),
    ("ok", _("Active")),
]


class ExampleForm(forms.Form):
    """A form with one field of each kind, for the page below."""

    reference = forms.CharField(label=_("Your PO number"), help_text=_("Printed on every paper."))
    wanted_on = forms.DateField(
        label=_("Requested delivery"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    cost_centre = forms.ChoiceField(
        label=_("Cost centre"), choices=[("4711", "4711 Assembly 2"), ("4730", "4730 Tooling")]
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea)
    in_parts = forms.BooleanField(label=_("Send what is ready, the rest later"), required=False)


@dataclass(frozen=True)
class Step:
    """One step of an example price ladder."""

    quantity: Decimal
    unit: str
    price: Decimal
    saves: Decimal | None = None
    note: str = ""
    is_on: bool = False


LADDER = [
    Step(Decimal(500), "C62", Decimal("0.1180"), note="1 box"),
    Step(Decimal(2000), "C62", Decimal("0.1090"), Decimal("7.6"), "1 carton, your quantity", True),
    Step(Decimal(10000), "C62", Decimal("0.1020"), Decimal("13.6"), "5 cartons"),
]


def components(request: HttpRequest) -> HttpResponse:
    """Show every component in every state; 404 outside development and the demo."""
    if not (settings.DEBUG or settings.DEMO):
        raise Http404
    now = timezone.now()
    context = {
        "tones": TONES,
        "form": ExampleForm(initial={"reference": "4500118274"}),
        "wrong_form": ExampleForm(
            {"wrong-reference": "", "wrong-wanted_on": "soon", "wrong-cost_centre": "4711"}, prefix="wrong"
        ),
        "ladder": LADDER,
        "page": Paginator(range(240), 25).page(2),
        "units": [("C62", _("pc")), ("XBX", _("box of 200")), ("XCT", _("carton of 2,000"))],
        "now": now,
        "recent": now - timedelta(minutes=4),
        "old": now - timedelta(hours=7, minutes=50),
        "last_week": now - timedelta(days=9),
        "price": Decimal("1240.00"),
        "new_price": Decimal("657.60"),
        "old_price": Decimal("636.00"),
    }
    return render(request, "portal/components.html", context)
