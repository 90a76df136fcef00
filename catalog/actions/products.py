"""Products and their units, as the ERP tells them; merged as a set (UOM-02, PIM-16)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from catalog.actions.approved import TURN, record_approved
from catalog.models import Product
from catalog.records import ERP_FIELDS, ProductRecord
from catalog.rules import check_units, natural_order, sku_key
from catalog.search import VECTOR
from core import history, ownership, staging
from core.actor import Actor, action
from core.applied import Applied, Rejected
from core.errors import InvalidValue, NotFound

COLUMNS = {
    "sku": "text",
    "sku_key": "text",
    "sku_order": "text",
    "erp_id": "text",
    "erp_name": "text",
    "status": "text",
    "base_unit": "text",
    "min_quantity": "numeric(18,6)",
    "step_quantity": "numeric(18,6)",
    "tax_code": "text",
    "as_of": "timestamptz",
    "units": "jsonb",
    "record": "jsonb",
}

# A record that comes twice in one batch: the later one counts, the earlier is reported.
DROP_REPEATED = """
    DELETE FROM staged_product s USING staged_product later
    WHERE later.sku = s.sku AND later.line > s.line
    RETURNING s.sku, s.record
"""

# new, changed (of the product's own columns, of its units), same, or old: what to do with each.
JUDGE = """
    ALTER TABLE staged_product
        ADD product_id bigint, ADD verdict text, ADD has_new_columns bool, ADD has_new_units bool,
        ADD was_active bool;
    UPDATE staged_product s SET
        product_id = p.id,
        was_active = p.status = 'active',
        has_new_columns = (p.sku_key, p.erp_id, p.erp_name, p.status, p.base_unit, p.min_quantity,
                           p.step_quantity, p.tax_code)
            IS DISTINCT FROM (s.sku_key, s.erp_id, s.erp_name, s.status, s.base_unit, s.min_quantity,
                              s.step_quantity, s.tax_code),
        has_new_units = s.units IS DISTINCT FROM (
            SELECT coalesce(jsonb_agg(
                jsonb_build_array(u.key, u.code, u.numerator, u.denominator, u.is_default, u.erp_id)
                ORDER BY u.key COLLATE "C"), '[]')
            FROM catalog_productunit u WHERE u.product_id = p.id AND u.is_active),
        verdict = CASE WHEN s.as_of < p.erp_as_of THEN 'old' END
    FROM catalog_product p WHERE p.sku = s.sku;
    UPDATE staged_product SET verdict = CASE
        WHEN product_id IS NULL THEN 'new'
        WHEN has_new_columns OR has_new_units THEN 'changed'
        ELSE 'same' END
    WHERE verdict IS NULL;
"""

UPDATE = """
    UPDATE catalog_product p SET
        sku_key = s.sku_key, erp_id = s.erp_id, erp_name = s.erp_name, status = s.status,
        base_unit = s.base_unit, min_quantity = s.min_quantity, step_quantity = s.step_quantity,
        tax_code = s.tax_code, erp_as_of = s.as_of
    FROM staged_product s WHERE s.product_id = p.id AND s.verdict = 'changed'
"""

INSERT = """
    INSERT INTO catalog_product (
        sku, sku_key, sku_order, erp_id, erp_name, status, base_unit, min_quantity, step_quantity, tax_code,
        erp_as_of, name, description, standard, attributes, keywords, gtin, pim_version)
    SELECT sku, sku_key, sku_order, erp_id, erp_name, status, base_unit, min_quantity, step_quantity, tax_code,
        as_of, '', '', '', '[]', '', '', ''
    FROM staged_product WHERE verdict = 'new'
"""

POINT = """
    UPDATE staged_product s SET product_id = p.id, has_new_columns = false, has_new_units = true
    FROM catalog_product p WHERE p.sku = s.sku AND s.verdict = 'new';
    ANALYZE staged_product;
"""

# Units that are gone stay, out of use: carts and documents name them.
RETIRE_UNITS = """
    UPDATE catalog_productunit u SET is_active = false, is_default = false
    FROM staged_product s
    WHERE s.product_id = u.product_id AND s.has_new_units AND s.verdict IN ('new', 'changed')
        AND u.is_active AND NOT EXISTS (SELECT FROM jsonb_array_elements(s.units) x WHERE x->>0 = u.key)
"""

WRITE_UNITS = """
    INSERT INTO catalog_productunit (
        product_id, key, code, numerator, denominator, is_default, erp_id, is_active, packing_text)
    SELECT s.product_id, x->>0, x->>1, (x->>2)::int, (x->>3)::int, (x->>4)::bool, x->>5, true, ''
    FROM staged_product s, jsonb_array_elements(s.units) x
    WHERE s.has_new_units AND s.verdict IN ('new', 'changed')
    ON CONFLICT (product_id, key) DO UPDATE SET
        code = excluded.code, numerator = excluded.numerator, denominator = excluded.denominator,
        is_default = excluded.is_default, erp_id = excluded.erp_id, is_active = true
"""

INDEX = """
    UPDATE catalog_product p SET search = {vector} FROM staged_product s
    WHERE s.product_id = p.id AND (s.verdict = 'new' OR (s.verdict = 'changed' AND s.has_new_columns))
""".replace("{vector}", VECTOR)

# What a full list no longer holds is discontinued, never deleted: documents name it.
RETIRE = """
    UPDATE catalog_product p SET status = 'retired', erp_as_of = seen.as_of
    FROM (SELECT min(as_of) AS as_of FROM staged_product) seen
    WHERE seen.as_of IS NOT NULL AND p.status <> 'retired'
        AND (p.erp_as_of IS NULL OR p.erp_as_of < seen.as_of)
        AND NOT EXISTS (SELECT FROM staged_product s WHERE s.sku = p.sku)
        AND p.sku <> ALL (%s)
    RETURNING p.id
"""

# On sale again, and described: the PIM has had them ready already.
APPROVED = """
    SELECT count(*), (array_agg(s.sku ORDER BY s.sku COLLATE "C"))[:20]
    FROM staged_product s JOIN catalog_product p ON p.id = s.product_id
    WHERE s.verdict = 'changed' AND NOT s.was_active AND s.status = 'active' AND p.pim_as_of IS NOT NULL
"""

NEW = "id IN (SELECT product_id FROM staged_product WHERE verdict = 'new')"
CHANGED = "id IN (SELECT product_id FROM staged_product WHERE verdict = 'changed' AND has_new_columns)"


@action
def rename_product(sku: str, to: str, *, by: Actor) -> Product:
    """Give a product the number that the ERP has given it; prices, stock and documents stay with it.

    Raises NotFound for a number that nobody has, InvalidValue for one that is taken.
    """
    ownership.check(by, "catalog.Product", ["sku"])
    product = Product.objects.select_for_update(of=("self",), no_key=True).filter(sku=sku).first()
    if product is None:
        raise NotFound(_("There is no product %(sku)s.") % {"sku": sku})
    if Product.objects.filter(sku=to).exists():
        raise InvalidValue(_("%(sku)s is another product.") % {"sku": to}, field="sku")

    product.sku, product.sku_key, product.sku_order = to, sku_key(to), natural_order(to)
    product.save(update_fields=["sku", "sku_key", "sku_order"])
    return product


@action
def apply_products(records: Iterable[ProductRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the ERP's products with their units; only what differs is written, with history.

    A record whose units or quantities cannot be trusted is left out with its reason and stops nobody
    (UOM-06); one that is older than what we have counts as the same. is_full: what is not among the
    records is retired; an empty list retires nothing. Records `product.approved` for those that become
    sellable by it. A fixed number of statements.
    """
    ownership.check(by, "catalog.Product", ERP_FIELDS[:-1])
    staging.one_at_a_time(TURN)
    rejected: list[Rejected] = []
    staging.stage("staged_product", COLUMNS, _rows(records, rejected))
    rejected += [_repeated(*row) for row in staging.rows(DROP_REPEATED)]

    with history.by_hand(Product):
        staging.run(JUDGE)
        staging.run(UPDATE)
        staging.run(INSERT)
        staging.run(POINT)
        staging.run(RETIRE_UNITS)
        staging.run(WRITE_UNITS)
        staging.run(INDEX)
        retired = [row[0] for row in staging.rows(RETIRE, [_keys(rejected)])] if is_full else []

        history.record_set(Product, NEW, kind="+", by=by)
        history.record_set(Product, CHANGED, kind="~", by=by)
        if retired:
            history.record_set(Product, "id = ANY(%s)", kind="~", by=by, params=[retired])
    record_approved(APPROVED, by=by)
    return staging.report("staged_product", rejected, removed=len(retired))


def _rows(records: Iterable[ProductRecord], rejected: list[Rejected]) -> Iterator[Sequence[Any]]:
    """The records that can be trusted, as rows; the others go to `rejected`."""
    for record in records:
        problem = _problem(record)
        if problem is not None:
            rejected.append(Rejected(record.sku, *problem, record.model_dump(mode="json")))
            continue
        units = sorted(
            [u.key, u.code, u.numerator, u.denominator, u.is_default, u.erp_id] for u in record.units
        )
        yield (
            record.sku,
            sku_key(record.sku),
            natural_order(record.sku),
            record.erp_id,
            record.erp_name,
            record.status,
            record.base_unit,
            record.min_quantity,
            record.step_quantity,
            record.tax_code,
            record.as_of,
            json.dumps(units),
            record.model_dump_json(),
        )


def _problem(record: ProductRecord) -> tuple[str, str] | None:
    """The field and the reason why a record cannot be taken, None when it can."""
    for name in ("min_quantity", "step_quantity"):
        if getattr(record, name) <= 0:
            return name, "It must be above zero."
    if len({unit.key for unit in record.units}) < len(record.units):
        return "units", "A unit comes twice."
    try:
        check_units(record.base_unit, record.units)
    except InvalidValue as error:
        return "units", str(error)
    return None


def _repeated(sku: str, record: Any) -> Rejected:
    reason = "It came twice in one batch; the later one was taken."
    return Rejected(sku, "sku", reason, staging.as_json(record))


def _keys(rejected: list[Rejected]) -> list[str]:
    return [item.key for item in rejected]
