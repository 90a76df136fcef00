"""Licences and their kinds."""

from collections.abc import Sequence

from accounts.models import (
    Licence,
    LicenceKind,
)


def licence_kind_by_code(code: str) -> LicenceKind | None:
    """A kind of licence by its code, None when there is none."""
    return LicenceKind.objects.filter(code=code).first()


def licences_of(lineage: Sequence[int]) -> list[Licence]:
    """The licences that a company holds itself or by those above it, whether or not they are valid. One statement."""
    return list(Licence.objects.filter(company_id__in=lineage).select_related("kind").order_by("pk"))
