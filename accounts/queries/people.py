"""People as they are found."""

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from accounts.models import (
    User,
)


def all_people() -> QuerySet[User]:
    """Everybody who can sign in, for staff."""
    return User.objects.all()


def all_user_id_of(email: str) -> int | None:
    """The id of the user with an e-mail address, in any case; None when nobody has it."""
    return User.objects.filter(email__iexact=email).values_list("pk", flat=True).first() if email else None


def name_of(column: str) -> Subquery:
    """The name, or else the address, of the person whose id stands in a column of the outer query."""
    word = Coalesce(NullIf("name", Value("")), "email", output_field=CharField())
    named = User.objects.filter(pk=OuterRef(column)).annotate(word=word)
    return Subquery(named.values("word")[:1])
