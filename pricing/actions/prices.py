"""Prices come in as runs of immutable versions, and a run can be taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import audit, ownership
from core.actor import Actor, action
from core.applied import Applied
from core.cases import CaseFacts, open_case, settle_cases
from core.errors import InvalidValue, WrongState
from core.tolerance import ANY, Tolerance, check_tolerance
from pricing.actions.lists import check_source
from pricing.actions.telling import record_changed
from pricing.merge import steps as merge
from pricing.models import PriceList, PriceRow, PriceRun
from pricing.records import PRICE_FIELDS, PriceRecord

SHOWN_STEPS = 50


@dataclass(frozen=True)
class RunScope:
    """What a run of prices claims to hold.

    full_lists: codes of lists that it brings whole: prices of ours that it lacks end. All other
    lists are touched only where the run names a price. tolerance: how many bad rows it may have
    before none of it is taken (PRC-25).
    """

    full_lists: frozenset[str] = frozenset()
    tolerance: Tolerance = ANY


CHANGES_ONLY = RunScope()


@action
def apply_prices(
    records: Iterable[PriceRecord],
    *,
    by: Actor,
    flow: str,
    as_of: datetime,
    scope_of_run: RunScope = CHANGES_ONLY,
) -> Applied:
    """Merge prices as immutable versions: what changed ends and is inserted anew, the rest is untouched.

    records: any number, streamed. as_of: when the ERP was read, by its clock; a price whose
    version comes from a later reading stays. Bad rows are reported and leave what we have in place.
    The lists are locked for the merge alone: prices that are staged and judged keep nobody waiting,
    and are judged again if another import came in between (PRC-19). Records `price_list.changed` once per
    list whose prices changed.
    Raises InvalidValue when a full list comes empty, BeyondTolerance when too many rows are bad, NotOwner
    for a list that another system brings.
    Source: PRC-10, PRC-12, PRC-25, INT-48.
    """
    ownership.check(by, "pricing.PriceRow", PRICE_FIELDS)
    staged = merge.stage(records)
    _check_not_empty(staged, scope_of_run)
    lists, verdict = _judged(staged, scope_of_run, as_of=as_of)
    check_source(lists, by=by)
    if not verdict.changes_nothing and not _lock(lists):
        lists, verdict = _judged(staged, scope_of_run, as_of=as_of)
    rejected = merge.rejected() if verdict.bad else ()
    applied = check_tolerance(
        scope_of_run.tolerance,
        Applied(
            new=verdict.inserted - verdict.changed,
            changed=verdict.changed,
            same=verdict.same,
            removed=verdict.ended,
            rejected=rejected,
            unlisted=verdict.bad - len(rejected),
        ),
    )
    if verdict.changes_nothing:
        return applied

    run = PriceRun.objects.create(
        system=by.system,
        flow=flow,
        as_of=as_of,
        correlation_id=by.correlation_id,
        new=applied.new,
        changed=applied.changed,
        same=applied.same,
        rejected=applied.bad,
        ended=applied.removed,
    )
    merge.merge(run, verdict)
    _sign(run, lists)
    _record(run, lists, verdict.lists, merge.some_products(verdict), by=by)
    rising = merge.rising_steps(lists)
    if rising:
        run.rising = len(rising)
        run.save(update_fields=["rising"])

    _flag(rising, lists, full=_full(lists, scope_of_run), by=by)
    return applied


def _judged(
    staged: merge.Staged, scope_of_run: RunScope, *, as_of: datetime
) -> tuple[list[PriceList], merge.Verdict]:
    """The lists that the staged prices touch, and what a merge would do to them.

    The lists are read first: an import that ends after that has changed their `last_run`.
    """
    codes = scope_of_run.full_lists.union(staged.list_codes)
    lists = list(PriceList.objects.filter(code__in=codes).order_by("pk"))
    newer = list(PriceRun.objects.filter(as_of__gt=as_of).values_list("pk", flat=True))
    return lists, merge.judge(staged, lists=lists, full=_full(lists, scope_of_run), newer=newer)


def _lock(lists: Sequence[PriceList]) -> bool:
    """Lock the lists in the order of their keys; tell whether all are as they were when they were read."""
    locked = PriceList.objects.select_for_update(no_key=True).filter(pk__in=[item.pk for item in lists])
    now = [(item.pk, item.last_run_id) for item in locked.order_by("pk")]
    return now == [(item.pk, item.last_run_id) for item in lists]


def _full(lists: Sequence[PriceList], scope_of_run: RunScope) -> list[int]:
    return [item.pk for item in lists if item.code in scope_of_run.full_lists]


def _sign(run: PriceRun, lists: Sequence[PriceList]) -> None:
    """Let whoever has judged these lists before see that they have changed since."""
    PriceList.objects.filter(pk__in=[item.pk for item in lists]).update(last_run=run)


def _record(
    run: PriceRun,
    lists: Sequence[PriceList],
    changes: Mapping[int, merge.ListChange],
    skus: Mapping[int, list[str]],
    *,
    by: Actor,
) -> None:
    """Tell of every locked list what the run has changed in it. changes and skus: by id of the list."""
    for item in lists:
        if item.pk in changes:
            details = {"run": run.pk, **asdict(changes[item.pk]), "skus": skus.get(item.pk, [])}
            record_changed(item, as_of=run.as_of, details=details, by=by)


def _check_not_empty(staged: merge.Staged, scope_of_run: RunScope) -> None:
    """A full list without a single price is a broken reading, not a list without prices."""
    empty = sorted(scope_of_run.full_lists.difference(staged.list_codes))
    current = PriceRow.objects.filter(price_list__code__in=empty, ended_run=None)
    if empty and current.exists():
        raise InvalidValue(
            _(
                "%(lists)s came without a single price: nothing was changed. Read again, or take the list out of use."
            )
            % {"lists": ", ".join(empty)},
            lists=empty,
        )


def _flag(
    rising: Sequence[merge.RisingStep], lists: Sequence[PriceList], *, full: Sequence[int], by: Actor
) -> None:
    """Open a case per list whose ladder rises; a full reading without any settles it (failure bank 16)."""
    for item in lists:
        steps = [step for step in rising if step.list_id == item.pk]
        subject = f"price_list:{item.code}"
        if not steps and item.pk in full:
            settle_cases(subject, by=by, reason=str(_("No step rises any more.")), kinds=("rising_ladder",))
        if not steps:
            continue
        first = steps[0]
        cause = _(
            "In %(list)s, %(sku)s costs more from %(quantity)s on than below (%(count)s such steps)."
        ) % {
            "list": item.name,
            "sku": first.sku,
            "quantity": f"{first.min_quantity.normalize():f}",
            "count": len(steps),
        }
        evidence = [
            {"sku": step.sku, "min_quantity": str(step.min_quantity), "unit_price": str(step.unit_price)}
            for step in steps[:SHOWN_STEPS]
        ]
        facts = CaseFacts(cause=str(cause), system=by.system, evidence={"steps": evidence})
        open_case("rising_ladder", subject, facts, by=by)


@action
def undo_run(run: PriceRun, *, by: Actor) -> PriceRun:
    """Take back an import: its prices end, those it ended come back, as versions of a new import.

    Records `price_list.changed` once per list. Raises WrongState when it is already taken back or a later
    import has changed the same prices.
    Source: PRC-25.
    """
    run = PriceRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
    brought, ended = PriceRow.objects.filter(run=run), PriceRow.objects.filter(ended_run=run)
    touched = brought.values("price_list").union(ended.values("price_list"))
    lists = list(PriceList.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk"))
    if PriceRun.objects.filter(undoes=run).exists():
        raise WrongState(_("This import is already taken back."), run=run.pk)
    later = merge.changed_since(run)
    if later:
        raise WrongState(
            _("Import %(later)s has changed the same prices since; take that one back first.")
            % {"later": later},
            run=run.pk,
            later=later,
        )

    undo = PriceRun.objects.create(
        system=run.system,
        flow=run.flow,
        as_of=timezone.now(),
        undoes=run,
        correlation_id=by.correlation_id,
    )
    undo.ended = brought.update(ended_run=undo)
    undo.new = merge.revive(run, undo)
    undo.save(update_fields=["ended", "new"])
    _sign(undo, lists)
    undone = merge.undone(undo)
    changes = {key: change for key, change, _skus in undone}
    _record(undo, lists, changes, {key: skus for key, _change, skus in undone}, by=by)
    audit.log(
        "price_import.undone", by=by, about=f"price_run:{run.pk}", data={"undo": undo.pk, "flow": run.flow}
    )
    return undo
