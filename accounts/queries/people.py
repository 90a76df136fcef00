"""People as they are found."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.staff import PARTNER


def all_people() -> QuerySet[User]:
    """Everybody who can sign in, for staff."""
    return User.objects.all()


def all_partners() -> QuerySet[User]:
    """Everybody from outside who was let into the back office, those whose access ends last first."""
    rows = User.objects.filter(groups__name=PARTNER, access_until__isnull=False)
    return rows.select_related("access_granted_by").order_by("-access_until", "pk")


def all_user_id_of(email: str) -> int | None:
    """The id of the user with an e-mail address, in any case; None when nobody has it."""
    return User.objects.filter(email__iexact=email).values_list("pk", flat=True).first() if email else None


def all_ids_named(text: str, *, most: int = 500) -> list[int]:
    """The ids of the people whose name or e-mail address holds a text, in any case; none for an empty one."""
    if not text:
        return []
    found = User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text)).order_by("pk")
    return list(found.values_list("pk", flat=True)[:most])


def all_names_of(ids: Iterable[int]) -> dict[int, str]:
    """What people are called by the ids of their users: the name, or else the address. One statement."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=set(ids))}


def all_staff_by_name() -> list[tuple[int, str]]:
    """The staff as ids and names, by name."""
    return [(user.pk, str(user)) for user in User.objects.filter(is_staff=True).order_by("name", "pk")]
