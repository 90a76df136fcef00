"""Forms of who sees and may buy what: assortments, restrictions, and the question of the explain page."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from accounts.segments import all_segment_names, segment_words
from catalog.models import Assortment, AssortmentAssignment, ProductRestriction
from catalog.queries import all_products


def segment_choices() -> list[tuple[str, Any]]:
    """Every segment that there is, and none."""
    return [("", _("none")), *all_segment_names().items()]


class SegmentForm(forms.ModelForm):
    """A row that can be for a segment: those there are, and the one that it has."""

    segment = forms.ChoiceField(label=_("Segment"), required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = segment_choices()
        own = self.instance.segment
        if own and own not in dict(choices):
            choices.append((own, segment_words(own)))
        self.fields["segment"].choices = choices  # type: ignore[attr-defined]


class AssignmentForm(SegmentForm):
    """An assortment given to a company, a segment or, by an explicit tick, everybody."""

    everybody = forms.BooleanField(
        label=_("Everybody"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("Every customer to whom nothing nearer was given."),
    )

    class Meta:
        model = AssortmentAssignment
        fields = ("company", "segment", "adds", "contract", "valid_from", "valid_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["everybody"] = self.instance.is_for_everybody

    def clean(self) -> dict[str, Any]:
        """Exactly one of the three: two left empty never mean everybody."""
        cleaned = super().clean() or {}
        chosen = [name for name in ("company", "segment", "everybody") if cleaned.get(name)]
        if not chosen and not {"company", "segment"} & set(self.errors):
            self.add_error("company", _("Choose a customer, a segment, or everybody."))
        if len(chosen) > 1:
            self.add_error(chosen[1], _("Choose a customer, a segment, or everybody: one of them."))
        return cleaned


class RestrictionForm(SegmentForm):
    """A restriction; which fields count depends on its kind."""

    class Meta:
        model = ProductRestriction
        fields = (
            "kind", "product", "category", "company", "segment", "licence_kind", "max_quantity", "period",
            "country", "postal_prefix", "valid_from", "valid_until", "note",
        )  # fmt: skip

    def clean_country(self) -> str:
        """Countries are written in capitals."""
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """Say at its field what a kind lacks."""
        cleaned = super().clean() or {}
        needs: dict[str, tuple[str, ...]] = {
            ProductRestriction.Kind.LICENCE: ("licence_kind",),
            ProductRestriction.Kind.QUANTITY: ("max_quantity", "period"),
            ProductRestriction.Kind.ALLOWED_PLACE: ("country",),
            ProductRestriction.Kind.FORBIDDEN_PLACE: ("country",),
        }
        for name in needs.get(cleaned.get("kind", ""), ()):
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, _("This kind of restriction needs it."))
        if bool(cleaned.get("product")) == bool(cleaned.get("category")):
            self.add_error("product", _("Name a product or a category, one of them."))
        return cleaned


class AssortmentForm(forms.ModelForm):
    """An assortment, with numbers pasted from a sheet."""

    put_in = forms.CharField(
        label=_("Put in these products"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Product numbers, one per line. What is in already stays."),
    )
    take_out = forms.CharField(
        label=_("Take out these products"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Product numbers, one per line. Taking out wins over every other rule."),
    )

    class Meta:
        model = Assortment
        fields = ("code", "name", "covers", "note")

    def clean_put_in(self) -> list[str]:
        """The numbers to put in."""
        return self._numbers("put_in")

    def clean_take_out(self) -> list[str]:
        """The numbers to take out."""
        return self._numbers("take_out")

    def _numbers(self, name: str) -> list[str]:
        typed = {text.strip() for text in re.split(r"[\n\r;\t]+", self.cleaned_data[name])} - {""}
        known = set(all_products().filter(sku__in=typed).values_list("sku", flat=True))
        if unknown := sorted(typed - known):
            raise forms.ValidationError(
                _("There are no products %(skus)s."), params={"skus": ", ".join(unknown[:10])}
            )
        return sorted(typed)
