"""Two customers that are one: found by rules as cases, merged by the steward in one transaction (ACC-13)."""

from collections.abc import Iterator

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from accounts.duplicates import Pair, all_duplicates
from accounts.models import Company, Licence, Membership
from accounts.stewards import check_steward
from core import audit
from core.actor import Actor, action
from core.cases import CaseFacts, ignore_case, open_case, settle_cases
from core.errors import InvalidValue, NotFound
from core.models import Case, CaseState
from core.ownership import US
from integrations.actions.identifiers import Known, merge_identifiers
from integrations.models import Identifier
from integrations.systems import ERP
from orders.actions.invoices import drop_double_orderers

DUPLICATE = "duplicate_customer"
# What the ERP tells of a customer stays with the row that it told it of, and ends with it; of licences, those are
# moved that our staff have seen.
STAYS = {"accounts.Address", "accounts.CreditAccount", "pricing.PriceListAssignment", "accounts.Licence"}
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


def all_open_pairs() -> list[Pair]:
    """The pairs that may be one customer and of which nobody has said that they are two."""
    parted = set(
        Case.objects.filter(kind=DUPLICATE, state=CaseState.IGNORED).values_list("subject", flat=True)
    )
    return [pair for pair in all_duplicates() if _subject(pair.one, pair.other) not in parted]


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
    pair = next((pair for pair in all_open_pairs() if {pair.one, pair.other} == {one, other}), None)
    if pair is None:
        raise NotFound(_("These two are no open pair any more."))
    return ignore_case(_open(pair, by), reason=reason, by=by)


@action
def merge_companies(number: str, into: str, *, reason: str, by: Actor) -> Company:
    """Let a customer be another one from now on: people, carts and documents move, its number still resolves.

    What exists on both sides, such as a membership of the same person, stays the other's. What the ERP tells of the
    old one stays there, see STAYS. Raises NotAllowed for who is not the steward, NotFound, InvalidValue. Settles the
    case of the pair; the history of each row and the audit log say who did it.
    """
    check_steward("company", by=by)
    numbers = {number, into}
    rows = Company.objects.select_for_update(no_key=True).filter(number__in=numbers).order_by("pk")
    found = {row.number: row for row in rows}
    if missing := numbers - found.keys():
        raise NotFound(_("There is no customer %(number)s.") % {"number": min(missing)})
    old, new = found[number], found[into]
    _check(old, new, reason)

    for field in _references():
        _move(field, old, new)
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
    return new


def _subject(one: str, other: str) -> str:
    return f"pair:{min(one, other)}/{max(one, other)}"


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


def _move(field: models.ForeignKey, old: Company, new: Company, **alone: str) -> None:
    """Let the rows of one table name the other company; all at once, or one by one where some are double.

    alone: which of them.
    """
    rows = field.model._default_manager.filter(**{field.name: old}, **alone)
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
