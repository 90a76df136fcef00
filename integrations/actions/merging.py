"""Two customers that are one: found by rules as cases, merged by the steward in one transaction (ACC-13)."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils.translation import gettext as _

from accounts.duplicates import Pair, all_duplicates
from accounts.models import Company, Licence, Membership, User
from accounts.stewards import check_steward
from core import audit
from core.actor import Actor, action
from core.cases import CaseFacts, ignore_case, open_case, settle_cases
from core.errors import InvalidValue, NotFound, WrongState
from core.models import Case, CaseState
from core.ownership import US
from integrations.actions.doubles import left_behind, settle_doubles
from integrations.actions.identifiers import Known, merge_identifiers
from integrations.models import Identifier
from integrations.systems import ERP
from orders.actions.invoices import drop_double_orderers

DUPLICATE = "duplicate_customer"
PAIR = "pair:"
# What the ERP tells of a customer stays with the row that it told it of, and ends with it; of licences, those are
# moved that our staff have seen.
STAYS = {"accounts.Address", "accounts.CreditAccount", "pricing.PriceListAssignment", "accounts.Licence"}
# The order in which locks are taken, before and after the people.
FIRST = ("accounts.Company", "orders.Cart", "quotes.Rfq", "quotes.Quote")
ORDER = (*FIRST, "accounts.Membership", "orders.Order", "orders.Budget")
# How often, how long apart, and how long one company is waited for.
TRIES, PAUSE_SECONDS, WAIT_MS = 10, 0.2, 500
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"
RULES = {"tax_id": _("the same VAT number"), "name": _("the same name"), "address": _("the same address")}


@action
def report_duplicates(*, by: Actor) -> list[Pair]:
    """Open a case for each pair of customers that may be one; repeats are counted on the open case.

    A pair that the steward has parted, or whose case was left as it is, is not opened again.
    """
    pairs = all_open_pairs()
    for pair in pairs:
        _open(pair, by)
    return pairs


def all_open_pairs(*, among: Iterable[str] = (), limit: int | None = None) -> list[Pair]:
    """The pairs that may be one customer and of which nobody has said that they are two. Two statements.

    among: of these customers alone. limit: the first of them by their numbers.
    """
    parted = Case.objects.filter(kind=DUPLICATE, state=CaseState.IGNORED).values_list("subject", flat=True)
    return all_duplicates(parted=[subject.removeprefix(PAIR) for subject in parted], among=among, limit=limit)


def _open(pair: Pair, by: Actor) -> Case:
    facts = CaseFacts(
        cause=_("%(one)s and %(other)s may be one customer: %(rules)s.")
        % {"one": pair.one, "other": pair.other, "rules": ", ".join(str(RULES[rule]) for rule in pair.rules)},
        promise=_("Buyers of each see only their own documents."),
        company=pair.other,
        evidence={"one": pair.one, "other": pair.other, "rules": list(pair.rules)},
    )
    return open_case(DUPLICATE, _subject(pair.one, pair.other), facts, by=by)


@action
def part_companies(one: str, other: str, *, reason: str, by: Actor) -> Case:
    """Say that a pair that looks like one customer is two: it is not shown again, and the reason is kept with its case.

    Raises NotAllowed for who is not the steward, NotFound for no open pair, InvalidValue without a reason.
    """
    check_steward("company", by=by)
    pair = next(iter(all_open_pairs(among={one, other})), None)
    if pair is None:
        raise NotFound(_("These two are no open pair any more."))
    return ignore_case(_open(pair, by), reason=reason, by=by)


@action
def merge_companies(number: str, into: str, *, reason: str, by: Actor) -> Company:
    """Let a customer be another one from now on: people, carts and documents move, its number still resolves.

    What exists on both sides, such as a membership of the same person, stays the other's. What the ERP tells of the
    old one stays there, see STAYS. Raises NotAllowed for who is not the steward, NotFound, InvalidValue. Settles the
    case of the pair; the history of each row and the audit log say who did it. Of what both have see
    `settle_doubles`. Raises WrongState while somebody is at work on what would move.

    Nobody is kept waiting for long and nothing waits in a circle: what is not free at once is let go again, and all of
    it is tried anew, see accounts.actions.holding.
    """
    check_steward("company", by=by)
    for turn in range(TRIES):
        if turn:
            time.sleep(PAUSE_SECONDS)
        try:
            with transaction.atomic():
                return _merged(number, into, reason, by)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                raise
    raise WrongState(
        _("Somebody is at work on one of the two just now. Nothing was merged: try again in a moment.")
    )


def _merged(number: str, into: str, reason: str, by: Actor) -> Company:
    numbers = {number, into}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_MS}ms"])
    # For itself alone: whoever is about to write something for one of the two has that company's key, and is waited for.
    rows = Company.objects.select_for_update().filter(number__in=numbers).order_by("pk")
    found = {row.number: row for row in rows}
    if missing := numbers - found.keys():
        raise NotFound(_("There is no customer %(number)s.") % {"number": min(missing)})
    old, new = found[number], found[into]
    _check(old, new, reason)

    _lock(old)
    settle_doubles(old, new)
    stays = left_behind(old, new)
    for field in _references():
        _move(field, old, new, stays=stays.get(field.model._meta.label))
    _move(Licence._meta.get_field("company"), old, new, system=US)
    drop_double_orderers(old, by=by)
    # Of who is a member of both, one place is left: nobody acts for the old one any more.
    Membership.objects.filter(company=old).update(is_active=False)
    old.merged_into = new
    old.save(update_fields=["merged_into"])
    if Identifier.objects.filter(system=ERP, kind="customer", key=number).exists():
        merge_identifiers(Known(ERP, "customer", number), into, reason=reason, by=by)
    said = _("Merged into %(into)s: %(reason)s") % {"into": into, "reason": reason.strip()}
    audit.log("customer.merged", by=by, about=f"company:{number}", company=into, data={"into": into})
    settle_cases(_subject(number, into), by=by, reason=said, kinds=(DUPLICATE,))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    return new


def _lock(old: Company) -> None:
    """Lock all that moves, and the people whose places end, in the order of accounts.actions.holding; wait for none.

    Raises OperationalError for what somebody else holds.
    """
    people = User.objects.filter(memberships__company=old)
    ids = set(people.order_by().values_list("pk", flat=True))
    fields = sorted(_references(), key=lambda field: _place(field.model))
    for field in (one for one in fields if _place(one.model) < len(FIRST)):
        _hold(field.model, **{field.name: old})
    _hold(User, pk__in=ids)
    for field in (one for one in fields if _place(one.model) >= len(FIRST)):
        _hold(field.model, **{field.name: old})


def _hold(model: type[models.Model], **which: Any) -> None:
    rows = model._default_manager.select_for_update(of=("self",), no_key=True, nowait=True)
    list(rows.filter(**which).order_by("pk").values_list("pk"))


def _place(model: type[models.Model]) -> int:
    label = model._meta.label
    return ORDER.index(label) if label in ORDER else len(ORDER)


def _subject(one: str, other: str) -> str:
    return f"{PAIR}{min(one, other)}/{max(one, other)}"


def _check(old: Company, new: Company, reason: str) -> None:
    if not reason.strip():
        raise InvalidValue(_("Say why: the reason is kept with the change."), field="reason")
    if old.pk == new.pk or new.merged_into_id is not None or old.merged_into_id is not None:
        raise InvalidValue(_("Choose another customer that was not merged itself."), field="into")
    if old.currency != new.currency:
        raise InvalidValue(_("Customers of different currencies are not one."), field="into")
    above: Company | None = new
    while above is not None:
        if above.pk == old.pk:
            raise InvalidValue(
                _("%(into)s hangs below %(number)s: hang it elsewhere first.")
                % {"into": new.number, "number": old.number},
                field="into",
            )
        above = above.parent


def _references() -> Iterator[models.ForeignKey]:
    """Every foreign key to a company, but for history and what the ERP tells: a new table is moved by itself."""
    for relation in Company._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if not (relation.auto_created and isinstance(field, models.ForeignKey)):
            continue
        label = field.model._meta.label
        if label in STAYS or field.model.__name__.startswith("Historical") or field.name == "merged_into":
            continue
        yield field


def _move(
    field: models.ForeignKey, old: Company, new: Company, *, stays: models.Q | None = None, **alone: str
) -> None:
    """Let the rows of one table name the other company; all at once, or one by one where some are double.

    alone: which of them. stays: which not.
    """
    rows = field.model._default_manager.filter(**{field.name: old}, **alone)
    if stays is not None:
        rows = rows.exclude(stays)
    try:
        with transaction.atomic():
            rows.update(**{field.name: new})
    except IntegrityError:
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
            try:
                with transaction.atomic():
                    field.model._default_manager.filter(pk=pk).update(**{field.name: new})
            except IntegrityError:
                continue
