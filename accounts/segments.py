"""Segments: groups of companies by what they have in common, named by a key such as "country:AT".

Whatever is given to a segment asks here alone which segments a company is in.
"""

from collections.abc import Sequence

from accounts.models import Address

COUNTRY = "country:"


def segments_of(lineage: Sequence[int]) -> frozenset[str]:
    """The segments of a company: the countries where it is billed. One statement.

    lineage: its id and those above it, nearest first; the nearest with an invoice address counts.
    """
    billed: dict[int, set[str]] = {}
    rows = Address.objects.filter(company_id__in=lineage, is_bill_to=True, is_active=True).exclude(country="")
    for company_id, country in rows.values_list("company_id", "country").order_by():
        billed.setdefault(company_id, set()).add(f"{COUNTRY}{country.upper()}")
    return next((frozenset(billed[company]) for company in lineage if company in billed), frozenset())


def all_segments() -> list[str]:
    """Every segment that some company is in, for whoever gives something to one. One statement."""
    countries = Address.objects.filter(is_active=True).exclude(country="").values_list("country", flat=True)
    return sorted({f"{COUNTRY}{country.upper()}" for country in countries.distinct().order_by()})
