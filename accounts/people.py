"""Who works for the companies that a person looks after: members, invitations, roles."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, CompanyRole, Invitation, Membership, User
from accounts.queries.members import with_composed
from accounts.scope import Scope
from accounts.standing import SHUT
from accounts.states import Depth, Right
from core.errors import NotFound
from core.models import AuditEntry


def members_for(scope: Scope) -> QuerySet[Membership]:
    """The members that this person looks after: of the unit, and of those below as deep as the right goes (ACC-07)."""
    reach = scope.reach(Right.MANAGE_PEOPLE)
    found = with_composed(Membership.objects.filter(company_id__in=reach))
    return (
        found.select_related("user", "company", "manager")
        .prefetch_related("own_roles")
        .order_by("-is_active", "company__name", "user__name", "pk")
    )


def search_members(scope: Scope, *, text: str = "", unit: str = "") -> QuerySet[Membership]:
    """Members by name, e-mail or unit. unit: a customer number, "" for all."""
    found = members_for(scope)
    if unit:
        found = found.filter(company__number=unit)
    for word in text.split():
        found = found.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    return found


def member_in(scope: Scope, pk: int) -> Membership:
    """A member that is looked after. Raises NotFound, the same for unknown and foreign ones."""
    member = members_for(scope).filter(pk=pk).first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


def invitations_for(scope: Scope) -> QuerySet[Invitation]:
    """The open invitations into the companies that are looked after, the newest first."""
    reach = scope.reach(Right.MANAGE_PEOPLE)
    still = Invitation.objects.filter(company_id__in=reach, accepted_at=None, withdrawn_at=None)
    return still.select_related("company", "invited_by").prefetch_related("own_roles")


def invitation_in(scope: Scope, key: str) -> Invitation:
    """An invitation that is looked after, also one that is over. Raises NotFound for every other one."""
    reach = scope.reach(Right.MANAGE_PEOPLE)
    invitation = Invitation.objects.filter(company_id__in=reach, key=key).first()
    if invitation is None:
        raise NotFound(_("There is no such invitation."))
    return invitation


def roles_for(scope: Scope) -> QuerySet[CompanyRole]:
    """The roles that can be given in the acting company: its own and those of the companies above it."""
    return CompanyRole.objects.filter(company_id__in=scope.lineage).select_related("company")


def role_in(scope: Scope, pk: int) -> CompanyRole:
    """A role that the acting company made. Raises NotFound for every other one."""
    own = scope.reach(Right.MANAGE_PEOPLE) & {scope.company_id or 0}
    role = CompanyRole.objects.filter(pk=pk, company_id__in=own).first()
    if role is None:
        raise NotFound(_("There is no such role."))
    return role


def units_of(scope: Scope, right: Right) -> list[Company]:
    """The companies that a right reaches, the acting one first, then by name."""
    found = Company.objects.filter(pk__in=scope.reach(right)).exclude(status__in=SHUT)
    return sorted(found, key=lambda unit: (unit.pk != scope.company_id, unit.name, unit.pk))


def has_sign_in(email: str) -> bool:
    """Whether an address can sign in already; asked only for the holder of its invitation."""
    return User.objects.filter(email__iexact=email).exists()


def is_over(invitation: Invitation) -> bool:
    """Whether the time of an open invitation has passed."""
    return invitation.expires_at <= timezone.now()


def ending_of(member: Membership) -> AuditEntry | None:
    """The entry of the log about how a membership that is over ended; None where nobody here ended it. One statement."""
    ended = AuditEntry.objects.filter(
        action="member.ended", company_id=member.company_id, data__user=member.user_id
    )
    return ended.order_by("-id").first()


@dataclass(frozen=True)
class UnitRow:
    """A company in the tree of those in view. depth: 0 for the acting one, at most 4. members: active ones."""

    company: Company
    depth: int
    members: int
    is_acting: bool


def unit_rows(scope: Scope, *, text: str = "") -> list[UnitRow]:
    """The companies in view, each below the one it belongs to; by a text those of that name or number. One statement."""
    active = Q(memberships__is_active=True, memberships__user__is_active=True)
    found = (
        Company.objects.filter(pk__in=scope.company_ids)
        .exclude(status=Company.Status.CLOSED)
        .order_by("name")
    )
    below: dict[int | None, list[Company]] = {}
    for company in found.annotate(member_count=Count("memberships", filter=active)):
        below.setdefault(None if company.pk == scope.company_id else company.parent_id, []).append(company)
    rows: list[UnitRow] = []
    ahead = [(company, 0) for company in reversed(below.get(None, []))]
    while ahead:
        company, depth = ahead.pop()
        members = company.member_count
        rows.append(UnitRow(company, min(depth, 4), members, company.pk == scope.company_id))
        ahead += [(inner, depth + 1) for inner in reversed(below.get(company.pk, []))]
    words = text.lower()
    return [row for row in rows if words in f"{row.company.name} {row.company.number}".lower()]


# What an approval causes, which is no act of the approver's own: told by the decision itself.
FOLLOWS = {
    "order.received": ("order.approved",),
    "order.approval_requested": ("order.approved", "order.step_approved"),
    "address.proposed": ("proposal.released",),
    "contact.proposed": ("proposal.released",),
}


def activity_for(scope: Scope, actions: Sequence[str]) -> QuerySet[AuditEntry]:
    """What was done for the companies that are looked after, of these kinds, the newest first.

    What goes on because somebody approved or released it is told once, as that. What another company did that had the
    number before is not this one's.
    """
    found = AuditEntry.objects.filter(company_id__in=scope.reach(Right.MANAGE_PEOPLE), action__in=actions)
    for action, causes in FOLLOWS.items():
        cause = AuditEntry.objects.filter(
            correlation_id=OuterRef("correlation_id"),
            object_kind=OuterRef("object_kind"),
            object_key=OuterRef("object_key"),
            action__in=causes,
        )
        found = found.exclude(Q(action=action) & Exists(cause))
    return found.order_by("-id")


def search_activity(
    scope: Scope, actions: Sequence[str], *, text: str, alike: Collection[str]
) -> QuerySet[AuditEntry]:
    """The activity in which a text is found: a person's name, a document's number, a company's, or a kind of act.

    alike: the kinds whose words hold the text.
    """
    found = activity_for(scope, actions)
    if not text:
        return found
    units = {*scope.reach(Right.MANAGE_PEOPLE), *scope.lineage}
    near = User.objects.filter(Q(memberships__company_id__in=units) | Q(is_staff=True), name__icontains=text)
    # People of others are left out before they are counted: who is there elsewhere changes no answer here.
    people = list(near.order_by("pk").distinct().values_list("pk", flat=True)[:200])
    behalf = [f"user:{pk}" for pk in people]
    invited = Invitation.objects.filter(Q(name__icontains=text) | Q(email__icontains=text))
    mine = invited.filter(company_id__in=scope.reach(Right.MANAGE_PEOPLE))
    keys = [str(key) for key in mine.order_by("-pk").values_list("key", flat=True)[:200]]
    return found.filter(
        Q(user_id__in=people)
        | Q(on_behalf_of__in=behalf)
        | Q(data__user__in=people)
        | Q(data__invitation__in=keys)
        | Q(object_kind__in=("order", "quote", "rfq"), object_key__icontains=text)
        | Q(company_number__iexact=text)
        | Q(action__in=list(alike))
    )


def invitations_by_key(scope: Scope, keys: Collection[str]) -> dict[str, Invitation]:
    """Invitations into the companies that are looked after, by their keys, over or not. Two statements."""
    reach = scope.reach(Right.MANAGE_PEOPLE)
    found = Invitation.objects.filter(key__in=keys, company_id__in=reach).prefetch_related("own_roles")
    return {str(one.key): one for one in found}


def names_of_roles(keys: Collection[int]) -> dict[int, str]:
    """The names of companies' own roles by their keys; those that are gone are left out. One statement."""
    return dict(CompanyRole.objects.filter(pk__in=keys).values_list("pk", "name"))


def numbers_with_documents(scope: Scope) -> frozenset[str]:
    """The customer numbers of which this person sees everybody's orders and quotes. One statement."""
    if scope.depths.get(Right.SEE_ORDERS, Depth.OWN) == Depth.OWN:
        return frozenset()
    seen = Company.objects.filter(pk__in=scope.reach(Right.SEE_ORDERS))
    return frozenset(seen.values_list("number", flat=True))


def names_of_people(ids: Iterable[int]) -> dict[int, str]:
    """The names of people by the ids of their users; ids of nobody are left out. One statement."""
    return dict(User.objects.filter(pk__in=set(ids)).values_list("pk", "name"))


def own_company_names(user_id: int | None, scope: Scope) -> dict[str, str]:
    """The names of the companies that a person works for or has in view, by their numbers. One statement."""
    own = Membership.objects.filter(user_id=user_id or 0, is_active=True).values("company_id")
    found = Company.objects.filter(Q(pk__in=own) | Q(pk__in=scope.company_ids))
    return dict(found.values_list("number", "name"))
