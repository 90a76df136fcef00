"""Segments: groups of companies by what they have in common, named by a key such as "region:south" (ACC-15).

Whatever is given to a segment asks here alone which segments a company is in. Those of the kind "country"
come from the addresses, the others are data. Per kind the nearest company in the line that has any decides, so a branch
with a region of its own is not in that of its group.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat, Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Address, Segment, SegmentMember
from core import freshness

COUNTRY = "country:"

# Every company with the kinds and keys that it has by itself, then downwards as long as nothing nearer decides.
MEMBERS = """
    WITH RECURSIVE own(company_id, kind, key) AS (
        SELECT member.company_id, segment.kind, segment.kind || ':' || segment.code
        FROM accounts_segmentmember AS member JOIN accounts_segment AS segment ON segment.id = member.segment_id
        UNION
        SELECT company_id, 'country', 'country:' || upper(country) FROM accounts_address
        WHERE is_bill_to AND is_active AND country <> ''
    ), inside(id, kind) AS (
        SELECT company_id, kind FROM own WHERE key = ANY(%s)
        UNION
        SELECT down.id, inside.kind FROM accounts_company AS down JOIN inside ON down.parent_id = inside.id
        WHERE NOT EXISTS (SELECT FROM own WHERE own.company_id = down.id AND own.kind = inside.kind)
    ) SELECT DISTINCT company.number FROM accounts_company AS company JOIN inside ON inside.id = company.id
"""


def segments_of(lineage: Sequence[int]) -> frozenset[str]:
    """The segments of a company. lineage: its id and those above it, nearest first. One statement."""
    return frozenset(segments_with_origin(lineage))


def segments_with_origin(lineage: Sequence[int]) -> dict[str, int]:
    """The segments of a company, each with the company of its line that brings it. One statement."""
    return nearest_per_kind(_own(lineage), lineage)


def nearest_per_kind(own: Iterable[tuple[int, str]], lineage: Sequence[int]) -> dict[str, int]:
    """The keys that count for a line, {key: company}: per kind those of the nearest company that has any.

    own: pairs of company and key, of what each has by itself.
    """
    place = {company: number for number, company in enumerate(lineage)}
    deciding: dict[str, int] = {}
    found: dict[str, int] = {}
    for company, key in sorted(own, key=lambda pair: (place[pair[0]], pair[1])):
        if deciding.setdefault(key.partition(":")[0], company) == company:
            found[key] = company
    return found


@contextmanager
def ages_judged_for(lineage: Callable[[], Sequence[int]]) -> Iterator[None]:
    """Judge the ages of figures for a company within this block, by the limits of its segments (ACC-15).

    lineage: reads its id and those above it, nearest first, if any segment has a limit.
    """
    with freshness.judged_for(lambda: segments_of(lineage())):
        yield


def all_companies_in(keys: Collection[str]) -> frozenset[str]:
    """The numbers of the companies that are in one of these segments, also by inheritance. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [list(keys)])
        return frozenset(number for (number,) in cursor.fetchall())


def all_segments() -> list[str]:
    """Every segment that there is, for whoever gives something to one. Two statements."""
    countries = Address.objects.filter(is_active=True).exclude(country="").values_list("country", flat=True)
    keys = {f"{COUNTRY}{country.upper()}" for country in countries.distinct().order_by()}
    return sorted(keys | {segment.key for segment in Segment.objects.all()})


def all_segment_rows() -> QuerySet[Segment]:
    """The segments that companies are put into, for whoever puts one."""
    return Segment.objects.order_by("kind", "name")


def all_segment_names() -> dict[str, str]:
    """Every segment by its key, in words. Two statements."""
    named = {
        segment.key: f"{segment.get_kind_display()}: {segment.name}" for segment in Segment.objects.all()
    }
    return {key: named.get(key) or segment_words(key) for key in all_segments()}


def segment_words(key: str) -> str:
    """A segment by its key alone, for lists: "Country: AT", "Region: south"."""
    kind, _colon, code = key.partition(":")
    kinds = {**dict(Segment.Kind.choices), "country": _("Country")}
    return f"{kinds[kind]}: {code}" if kind in kinds else key


def _own(company_ids: Sequence[int]) -> QuerySet[Address, tuple[int, str]]:
    billed = Address.objects.filter(company_id__in=company_ids, is_bill_to=True, is_active=True)
    members = SegmentMember.objects.filter(company_id__in=company_ids).order_by()
    countries = billed.exclude(country="").order_by()
    text = CharField()
    key_of_country = Concat(Value(COUNTRY), Upper("country"), output_field=text)
    key_of_segment = Concat(
        Cast("segment__kind", text), Value(":"), Cast("segment__code", text), output_field=text
    )
    rows = countries.values_list("company_id", key_of_country)
    return rows.union(members.values_list("company_id", key_of_segment))
