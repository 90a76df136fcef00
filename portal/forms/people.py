"""What an administrator of a company decides about its people."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions.granting import Place
from accounts.models import CompanyRole, Membership
from accounts.seats import seats_of
from accounts.states import MAY_BE_OWN, Depth, Grants, Right, Role
from portal.forms.numbers import NumberField
from portal.templatetags.accord import typed

# What each ready-made role is for, in the words of those who give it.
SAYS = {
    Role.VIEWER: _("Looks at the catalogue; sees no prices, orders nothing."),
    Role.REQUESTER: _("Orders and asks for quotes without seeing prices; sees only what is his or her own."),
    Role.BUYER: _("Orders, asks for quotes, sees prices, orders and invoices of the unit."),
    Role.APPROVER: _("Decides on orders that wait; sees prices, orders and invoices of the unit."),
    Role.FINANCE: _("Sees prices, orders, invoices and reports of the unit; orders nothing."),
    Role.ADMINISTRATOR: _(
        "May do everything, here and in all units below, and looks after people and rules."
    ),
}


class PlaceForm(forms.Form):
    """Roles and limits of a member, or of somebody who is invited. own_roles: those that can be given here."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    own_roles = forms.TypedMultipleChoiceField(
        label=_("Roles of your company"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    includes_branches = forms.BooleanField(
        label=_("Also for all units below"),
        required=False,
        help_text=_("What the roles allow in the unit is allowed in all below it too."),
    )
    order_limit = NumberField(
        label=_("May order up to, net"),
        required=False,
        min_value=0,
        help_text=_("Above it an approver decides. Empty: any amount. 0: every order waits for approval."),
    )
    approval_limit = NumberField(
        label=_("May approve up to, net"),
        required=False,
        min_value=0,
        help_text=_("Orders above it need somebody else. Empty: any amount."),
    )

    def __init__(self, *args: Any, own_roles: Iterable[CompanyRole], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.composed = list(own_roles)
        self.fields["own_roles"].choices = [(role.pk, role.name) for role in self.composed]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("roles") and not data.get("own_roles"):
            self.add_error("roles", _("Choose at least one role."))
        return data

    def options(self) -> list[tuple[str, str, str, bool]]:
        """The ready-made roles: key, name, what it is for, whether it is chosen."""
        chosen = set(self["roles"].value() or [])
        return [(role.value, str(role.label), str(SAYS[role]), role.value in chosen) for role in Role]

    def own_options(self) -> list[tuple[int, str, str, bool]]:
        """The same of the company's own roles, each with its rights in words."""
        chosen = {str(key) for key in self["own_roles"].value() or []}
        return [
            (role.pk, role.name, grants_in_words(role.grants), str(role.pk) in chosen)
            for role in self.composed
        ]

    def place(self) -> Place:
        """What was chosen, for the action. Only after is_valid()."""
        data = self.cleaned_data
        return Place(
            roles=tuple(data["roles"]),
            own_roles=tuple(data["own_roles"]),
            order_limit=data["order_limit"],
            approval_limit=data["approval_limit"],
            includes_branches=data["includes_branches"],
        )


def place_of(member: Membership) -> dict[str, Any]:
    """What a member has now, as the form's first values."""
    return {
        "roles": member.roles,
        "own_roles": [role.pk for role in member.own_roles.all()],
        "includes_branches": member.includes_branches,
        "order_limit": typed(member.order_limit),
        "approval_limit": typed(member.approval_limit),
    }


class ManagerForm(forms.Form):
    """Whom approval rules mean by the manager of a member: somebody who may approve in the company."""

    manager = forms.TypedChoiceField(
        label=_("Manager"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_(
            "Approval rules may ask “the manager of the buyer”. Without one they ask every approver."
        ),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"manager": member.manager_id}
        people = {seat.user.pk: str(seat.user) for seat in seats_of(member.company_id) if not seat.instead_of}
        if member.manager is not None:
            people.setdefault(member.manager.pk, str(member.manager))
        people.pop(member.user_id, None)
        self.fields["manager"].choices = [("", _("nobody")), *people.items()]  # type: ignore[attr-defined]


class InviteForm(PlaceForm):
    """Who is to join, and as what."""

    unit = forms.ChoiceField(label=_("For"))
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)

    def __init__(self, *args: Any, units: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = list(units)  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    """What a new person says on joining."""

    name = forms.CharField(label=_("Your name"), max_length=150)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters, not one that is used elsewhere."),
    )


class RoleForm(forms.Form):
    """A role that a company composes: for each right nothing, or how deep it goes; never deeper than one's own."""

    name = forms.CharField(label=_("Name of the role"), max_length=60)

    def __init__(self, *args: Any, own: Grants, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for right in Right:
            if right not in own:
                continue
            least = Depth.OWN if right in MAY_BE_OWN else Depth.UNIT
            depths = [depth for depth in Depth if least <= depth <= own[right]]
            self.fields[f"right_{right}"] = forms.TypedChoiceField(
                label=str(right.label)[:1].upper() + str(right.label)[1:],
                choices=[(0, _("no")), *((depth.value, depth.label) for depth in depths)],
                coerce=int,
                initial=0,
            )

    def rights(self) -> list[forms.BoundField]:
        """The fields of the rights, in order."""
        return [self[name] for name in self.fields if name.startswith("right_")]

    def grants(self) -> dict[str, int]:
        """What was chosen. Only after is_valid()."""
        return {
            name.removeprefix("right_"): depth
            for name, depth in self.cleaned_data.items()
            if name.startswith("right_") and depth
        }


def grants_in_words(grants: Grants) -> str:
    """The rights of a role with their depth, for people."""
    return ", ".join(
        f"{Right(right).label} ({Depth(depth).label})" for right, depth in grants.items() if right in Right
    )
