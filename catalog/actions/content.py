"""Product content, as the PIM tells it; merged as a set (PIM-01, PIM-17)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from catalog.actions.approved import TURN, record_approved
from catalog.models import Product
from catalog.records import PIM_FIELDS, ContentRecord
from catalog.search import VECTOR
from core import history, ownership, staging
from core.actor import Actor, action
from core.applied import Applied, Rejected

COLUMNS = {
    "sku": "text",
    "name": "text",
    "description": "text",
    "category_pim_id": "text",
    "standard": "text",
    "attributes": "jsonb",
    "gtin": "text",
    "weight_kg": "numeric(18,6)",
    "keywords": "text",
    "media": "jsonb",
    "packing": "jsonb",
    "relations": "jsonb",
    "version": "text",
    "as_of": "timestamptz",
    "record": "jsonb",
}

DROP_REPEATED = """
    DELETE FROM staged_content s USING staged_content later
    WHERE later.sku = s.sku AND later.line > s.line
    RETURNING s.sku, s.record
"""

# What the drop held, also where it cannot be taken: it has not left the PIM.
POINT = """
    ALTER TABLE staged_content ADD product_id bigint, ADD category_id bigint, ADD verdict text,
        ADD has_new_columns bool DEFAULT false, ADD has_new_media bool DEFAULT false,
        ADD has_new_relations bool DEFAULT false, ADD has_new_packing bool DEFAULT false;
    UPDATE staged_content s SET product_id = p.id FROM catalog_product p WHERE p.sku = s.sku;
    UPDATE staged_content s SET category_id = c.id
        FROM catalog_category c WHERE c.pim_id = s.category_pim_id;
    UPDATE staged_content SET verdict = 'rejected'
        WHERE product_id IS NULL OR (category_id IS NULL AND category_pim_id IS NOT NULL);
"""

STRAYS = "SELECT sku, category_pim_id, product_id, record FROM staged_content WHERE verdict = 'rejected'"

# What the staged relations and packing texts mean among the products and units that are here.
MEAN = """
    CREATE TEMP TABLE staged_relation ON COMMIT DROP AS
        SELECT s.product_id, o.id AS other_id, x->>0 AS kind, min((x->>2)::int) AS position
        FROM staged_content s, jsonb_array_elements(s.relations) x
        JOIN catalog_product o ON o.sku = x->>1
        WHERE s.verdict IS NULL AND o.id <> s.product_id
        GROUP BY 1, 2, 3;
    CREATE TEMP TABLE staged_packing ON COMMIT DROP AS
        SELECT u.id AS unit_id, s.product_id, u.packing_text AS old_text, coalesce((
            SELECT x->>2 FROM jsonb_array_elements(s.packing) x
            WHERE x->>0 = u.code AND (x->>1)::numeric * u.denominator = u.numerator LIMIT 1), '') AS text
        FROM staged_content s JOIN catalog_productunit u ON u.product_id = s.product_id
        WHERE s.verdict IS NULL;
    CREATE INDEX ON staged_relation (product_id);
    CREATE INDEX ON staged_packing (product_id);
    CREATE INDEX ON staged_content (product_id);
    ANALYZE staged_relation, staged_packing, staged_content;
"""

JUDGE = """
    UPDATE staged_content s SET
        has_new_columns = (p.name, p.description, p.standard, p.attributes, p.category_id, p.gtin,
                           p.weight_kg, p.keywords)
            IS DISTINCT FROM (s.name, s.description, s.standard, s.attributes, s.category_id, s.gtin,
                              s.weight_kg, s.keywords),
        has_new_media = s.media IS DISTINCT FROM (
            SELECT coalesce(jsonb_agg(jsonb_build_array(m.kind, m.reference, m.title, m.position)
                ORDER BY m.kind COLLATE "C", m.reference COLLATE "C"), '[]')
            FROM catalog_media m WHERE m.product_id = p.id),
        verdict = CASE
            WHEN s.as_of < p.pim_as_of THEN 'old'
            WHEN p.pim_as_of IS NULL THEN 'new' END
    FROM catalog_product p WHERE p.id = s.product_id AND s.verdict IS NULL;
    UPDATE staged_content s SET
        has_new_relations = EXISTS (
            (SELECT r.other_id, r.kind, r.position FROM staged_relation r WHERE r.product_id = s.product_id
             EXCEPT SELECT c.other_id, c.kind, c.position FROM catalog_productrelation c
                WHERE c.product_id = s.product_id)
            UNION ALL
            (SELECT c.other_id, c.kind, c.position FROM catalog_productrelation c
                WHERE c.product_id = s.product_id
             EXCEPT SELECT r.other_id, r.kind, r.position FROM staged_relation r
                WHERE r.product_id = s.product_id)),
        has_new_packing = EXISTS (SELECT FROM staged_packing k
            WHERE k.product_id = s.product_id AND k.text <> k.old_text)
    WHERE s.verdict IS DISTINCT FROM 'rejected' AND s.verdict IS DISTINCT FROM 'old';
    UPDATE staged_content SET verdict = CASE
        WHEN has_new_columns OR has_new_media OR has_new_relations OR has_new_packing THEN 'changed'
        ELSE 'same' END
    WHERE verdict IS NULL;
"""

WRITE = """
    UPDATE catalog_product p SET
        name = s.name, description = s.description, standard = s.standard, attributes = s.attributes,
        category_id = s.category_id, gtin = s.gtin, weight_kg = s.weight_kg, keywords = s.keywords,
        pim_version = s.version, pim_as_of = s.as_of
    FROM staged_content s WHERE s.product_id = p.id AND s.verdict IN ('new', 'changed')
"""

WRITE_PARTS = """
    DELETE FROM catalog_media m USING staged_content s
        WHERE s.product_id = m.product_id AND s.has_new_media AND s.verdict IN ('new', 'changed');
    INSERT INTO catalog_media (product_id, kind, reference, title, position)
        SELECT s.product_id, x->>0, x->>1, x->>2, (x->>3)::int
        FROM staged_content s, jsonb_array_elements(s.media) x
        WHERE s.has_new_media AND s.verdict IN ('new', 'changed');
    DELETE FROM catalog_productrelation c USING staged_content s
        WHERE s.product_id = c.product_id AND s.has_new_relations AND s.verdict IN ('new', 'changed');
    INSERT INTO catalog_productrelation (product_id, other_id, kind, position)
        SELECT r.product_id, r.other_id, r.kind, r.position
        FROM staged_relation r JOIN staged_content s USING (product_id)
        WHERE s.has_new_relations AND s.verdict IN ('new', 'changed');
    UPDATE catalog_productunit u SET packing_text = k.text
        FROM staged_packing k JOIN staged_content s USING (product_id)
        WHERE k.unit_id = u.id AND s.verdict IN ('new', 'changed') AND k.text <> k.old_text;
"""

INDEX = """
    UPDATE catalog_product p SET search = {vector} FROM staged_content s
    WHERE s.product_id = p.id AND s.has_new_columns AND s.verdict IN ('new', 'changed')
""".replace("{vector}", VECTOR)

CHANGED = (
    "id IN (SELECT product_id FROM staged_content WHERE verdict IN ('new', 'changed') AND has_new_columns)"
)

# Shown from now on, and on sale: the ERP has had them active already.
APPROVED = """
    SELECT count(*), (array_agg(s.sku ORDER BY s.sku COLLATE "C"))[:20]
    FROM staged_content s JOIN catalog_product p ON p.id = s.product_id
    WHERE s.verdict = 'new' AND p.status = 'active'
"""

# Left the PIM: not shown any more. The content stays, should the next drop bring it back.
WITHDRAW = """
    UPDATE catalog_product p SET pim_as_of = NULL, pim_version = ''
    FROM (SELECT min(as_of) AS as_of FROM staged_content) seen
    WHERE p.pim_as_of < seen.as_of AND NOT EXISTS (SELECT FROM staged_content s WHERE s.sku = p.sku)
"""


@action
def apply_content(records: Iterable[ContentRecord], *, by: Actor, is_full: bool = False) -> Applied:
    """Take over the PIM's content of products; only what differs is written, with history.

    Content for a product or category that has not come yet is left out as "parent_missing", to be
    tried again (PIM-17). Relations to products that are not here yet are joined by a later delivery.
    is_full: a product that is not among the records has left the PIM and is no longer shown; an
    empty list hides nothing. Records `product.approved` for those that become sellable by it. A fixed
    number of statements.
    """
    ownership.check(by, "catalog.Product", PIM_FIELDS)
    staging.one_at_a_time(TURN)
    staging.stage("staged_content", COLUMNS, _rows(records))
    rejected = [_repeated(*row) for row in staging.rows(DROP_REPEATED)]
    staging.run(POINT)
    rejected += [_stray(*row) for row in staging.rows(STRAYS)]

    staging.run("DROP TABLE IF EXISTS pg_temp.staged_relation, pg_temp.staged_packing")
    staging.run(MEAN)
    staging.run(JUDGE)
    with history.by_hand(Product):
        staging.run(WRITE)
        staging.run(WRITE_PARTS)
        staging.run(INDEX)
        removed = staging.run(WITHDRAW) if is_full else 0

        history.record_set(Product, CHANGED, kind="~", by=by)
    record_approved(APPROVED, by=by)
    return staging.report("staged_content", rejected, removed=removed)


def _rows(records: Iterable[ContentRecord]) -> Iterator[Sequence[Any]]:
    for record in records:
        media = {(m.kind, m.reference): [m.kind, m.reference, m.title, m.position] for m in record.media}
        packing = [[p.unit_code, str(p.base_quantity), p.text] for p in record.packing_texts]
        relations = [[r.kind, r.sku, r.position] for r in record.relations]
        yield (
            record.sku,
            record.name,
            record.description,
            record.category_pim_id,
            record.standard,
            json.dumps([attribute.model_dump() for attribute in record.attributes]),
            record.gtin,
            record.weight_kg,
            ", ".join(record.keywords),
            json.dumps([media[key] for key in sorted(media)]),
            json.dumps(packing),
            json.dumps(relations),
            record.version,
            record.as_of,
            record.model_dump_json(),
        )


def _stray(sku: str, category_pim_id: str, product_id: int | None, record: Any) -> Rejected:
    plain = staging.as_json(record)
    if product_id is None:
        reason = f"The ERP has not sent “{sku}” yet."
        return Rejected(sku, "sku", reason, plain, code="parent_missing")
    reason = f"Category “{category_pim_id}” is not known here yet."
    return Rejected(sku, "category_pim_id", reason, plain, code="parent_missing")


def _repeated(sku: str, record: Any) -> Rejected:
    reason = "It came twice in one batch; the later one was taken."
    return Rejected(sku, "sku", reason, staging.as_json(record))
