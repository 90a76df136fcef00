"""The PIM's taxonomy."""

from collections.abc import Sequence

from django.db import models

from catalog.models import Category
from catalog.records import CategoryRecord
from core import ownership, staging
from core.actor import Actor, action
from core.applied import Applied, Rejected, latest_of
from core.changes import assign, differs, write
from core.trees import misplaced

FIELDS = ("slug", "name", "position")

REASONS = {
    "self": "The category is named as its own parent.",
    "missing": "Its parent is not known here.",
    "cycle": "Its parents lead back to itself.",
}


@action
def apply_categories(records: Sequence[CategoryRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the PIM's taxonomy; what cannot be placed in the tree is left out with its reason.

    Parents and children may come in any order. is_full: a category that is gone is deleted once it
    holds neither products nor categories; until then it stays. A fixed number of statements.
    """
    ownership.check(by, "catalog.Category", ("pim_id", "parent", *FIELDS))
    staging.one_at_a_time("catalog.categories")
    known = {row.pim_id: row for row in Category.objects.without_tree_fields()}
    single, repeated = latest_of(records, lambda record: record.pim_id)
    told = {record.pim_id: record for record in single}
    rejected = _rejected(told, known)
    good = {key: record for key, record in told.items() if key not in {item.key for item in rejected}}

    new = {key: Category(pim_id=key, **_values(good[key])) for key in good if key not in known}
    changed: dict[str, models.Model] = {
        key: assign(known[key], _values(record))
        for key, record in good.items()
        if key in known and differs(known[key], _values(record))
    }
    _free_slugs(list(changed.values()))
    write(Category, new=list(new.values()), changed=list(changed.values()), fields=FIELDS)

    # Parents in a second step: a child may come before its parent.
    rows = {**known, **new}
    moved: list[models.Model] = []
    for key, record in good.items():
        parent = rows[record.parent_pim_id].pk if record.parent_pim_id else None
        if rows[key].parent_id != parent:
            moved.append(assign(rows[key], {"parent_id": parent}))
            if key in known:
                changed[key] = rows[key]
    write(Category, new=[], changed=moved, fields=("parent",))
    removed = _delete_empty(known, set(told)) if is_full and told else 0
    return Applied(
        new=len(new),
        changed=len(changed),
        same=len(good) - len(new) - len(changed),
        removed=removed,
        rejected=(*rejected, *repeated),
    )


def _values(record: CategoryRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in FIELDS}


def _rejected(told: dict[str, CategoryRecord], known: dict[str, Category]) -> list[Rejected]:
    by_pk = {row.pk: key for key, row in known.items()}
    parents = {key: record.parent_pim_id for key, record in told.items()}
    here = {key: by_pk.get(row.parent_id) for key, row in known.items()}
    doubled: dict[str, str] = {}
    while True:
        bad = misplaced(parents, known=here, refused=doubled)
        more = _doubled(told, known, refused={*bad, *doubled})
        if not more:
            break
        doubled |= more
    rejected = []
    for key, record in told.items():
        if key in bad:
            code = "parent_missing" if bad[key] == "missing" else "invalid"
            field, reason = "parent_pim_id", REASONS[bad[key]]
        elif key in doubled:
            code, field, reason = "invalid", "slug", f"Category {doubled[key]} has this address already."
        else:
            continue
        rejected.append(Rejected(key, field, reason, record.model_dump(mode="json"), code=code))
    return rejected


def _doubled(
    told: dict[str, CategoryRecord], known: dict[str, Category], *, refused: set[str]
) -> dict[str, str]:
    """Whose address another category has, and which; what is refused keeps the address it had."""
    taken = {row.slug: key for key, row in known.items() if key not in told or key in refused}
    first = {key: taken.setdefault(record.slug, key) for key, record in told.items() if key not in refused}
    return {key: owner for key, owner in first.items() if owner != key}


def _free_slugs(changed: Sequence[models.Model]) -> None:
    """Let addresses change places: the unique constraint looks at each row alone."""
    for_a_moment = models.functions.Concat(
        models.Value("moving-"), models.functions.Cast("pk", models.CharField())
    )
    if len(changed) > 1:
        Category.objects.filter(pk__in=[row.pk for row in changed]).update(slug=for_a_moment)


def _delete_empty(known: dict[str, Category], told: set[str]) -> int:
    gone = Category.objects.without_tree_fields().filter(
        pk__in=[row.pk for key, row in known.items() if key not in told]
    )
    empty = gone.filter(products=None, children=None)
    return int(Category.objects.filter(pk__in=[row.pk for row in empty]).delete()[0])
