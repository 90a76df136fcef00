"""Which segments there are, who is in them, and how old figures may be for them. All is ours."""

import re
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Segment, SegmentLimit, SegmentMember
from core import freshness, ownership
from core.actor import Actor, action
from core.errors import InvalidValue


@action
def save_segment(kind: str, code: str, *, name: str, by: Actor) -> Segment:
    """Make a segment, or give the one there is another name (ACC-15).

    code: small letters, digits and hyphens. Raises InvalidValue for a kind that does not exist or an unfit code.
    """
    ownership.check(by, "accounts.Segment", ["kind", "code", "name"])
    if kind not in Segment.Kind.values:
        raise InvalidValue(_("There is no such kind of segment."), field="kind")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) or not name.strip():
        raise InvalidValue(
            _("Give it a name, and a code of small letters, digits and hyphens."), field="code"
        )
    segment, _is_new = Segment.objects.update_or_create(kind=kind, code=code, defaults={"name": name.strip()})
    return segment


@action
def put_in_segment(segment: Segment, company: Company, *, by: Actor) -> SegmentMember:
    """Put a company, and with it all below that have none of this kind, into a segment; repeats are quiet."""
    ownership.check(by, "accounts.SegmentMember", ["segment", "company"])
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    member, _is_new = SegmentMember.objects.get_or_create(segment=segment, company=company)
    return member


@action
def take_out_of_segment(segment: Segment, company: Company, *, by: Actor) -> None:
    """End what put_in_segment began; quiet when the company was not put in itself."""
    ownership.check(by, "accounts.SegmentMember", ["segment", "company"])
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    for member in SegmentMember.objects.filter(segment=segment, company=company):
        member.delete()


@action
def limit_age(segment: Segment, kind: str, limit: timedelta | None, *, by: Actor) -> None:
    """Set how old a kind of figure may be for the companies of a segment; None: as for everybody (ACC-15).

    Every process follows with its next page. Raises InvalidValue for a kind that no flow brings.
    """
    ownership.check(by, "accounts.SegmentLimit", ["segment", "kind", "limit_seconds"])
    if kind not in dict(freshness.limits()):
        raise InvalidValue(_("No flow brings such figures."), field="kind")
    if limit is not None and limit < timedelta(seconds=1):
        raise InvalidValue(_("Less than a second is no age."), field="limit_seconds")
    Segment.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.pk)

    if limit is None:
        SegmentLimit.objects.filter(segment=segment, kind=kind).delete()
    else:
        seconds = {"limit_seconds": int(limit.total_seconds())}
        SegmentLimit.objects.update_or_create(segment=segment, kind=kind, defaults=seconds)
    freshness.promise_segments(kind, lambda: _limits_of(kind))


def _limits_of(kind: str) -> dict[str, timedelta]:
    rows = SegmentLimit.objects.filter(kind=kind).select_related("segment")
    return {row.segment.key: timedelta(seconds=row.limit_seconds) for row in rows}
