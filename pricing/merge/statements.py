"""The statements of the merge: no value is ever put into their text."""

# ruff: noqa: S608

CLEAR_STAGE = "DROP TABLE IF EXISTS pg_temp.price_stage"

CLEAR_JUDGED = "DROP TABLE IF EXISTS pg_temp.price_merge, pg_temp.price_repeated, pg_temp.price_vanished"

STAGE = """
    CREATE TEMPORARY TABLE price_stage (
        list_code text, sku text, min_quantity numeric, unit_price numeric, price_unit numeric,
        valid_from date, valid_until date, formula text
    ) ON COMMIT DROP
"""

# One pass finds everything there is to know of a row: its list, its product, the version it meets,
# whether it says the same, and whether it can be taken at all.
JUDGE = """
    CREATE TEMPORARY TABLE price_merge ON COMMIT DROP AS
    SELECT stage.*, list.id AS list_id, product.id AS product_id, row.id AS old_id,
        row.id IS NOT NULL AND (
            row.run_id = ANY(%(newer)s::bigint[])
            OR (
                row.unit_price = stage.unit_price AND row.price_unit = stage.price_unit
                AND row.valid_until IS NOT DISTINCT FROM stage.valid_until
                AND row.formula = stage.formula
            )
        ) AS is_same,
        CASE
            WHEN list.id IS NULL THEN 'list'
            WHEN product.id IS NULL THEN 'sku'
            WHEN NOT (
                stage.unit_price BETWEEN 0 AND 999999999999
                AND (scale(stage.unit_price) <= 6 OR scale(trim_scale(stage.unit_price)) <= 6)
                AND stage.min_quantity BETWEEN 0 AND 999999999999
                AND (scale(stage.min_quantity) <= 6 OR scale(trim_scale(stage.min_quantity)) <= 6)
                AND stage.price_unit > 0 AND stage.price_unit <= 999999999999
                AND (scale(stage.price_unit) <= 6 OR scale(trim_scale(stage.price_unit)) <= 6)
            ) THEN 'number'
            WHEN stage.valid_until <= stage.valid_from THEN 'range'
        END AS bad
    FROM price_stage AS stage
    LEFT JOIN pricing_pricelist AS list ON list.code = stage.list_code
    LEFT JOIN catalog_product AS product ON product.sku = stage.sku
    LEFT JOIN pricing_pricerow AS row
        ON row.ended_run_id IS NULL AND row.price_list_id = list.id AND row.product_id = product.id
        AND row.min_quantity = stage.min_quantity AND row.valid_from IS NOT DISTINCT FROM stage.valid_from
"""

# Rows that share a key. Saying the same twice is harmless; saying different things is refused.
# Those that meet a version share a key exactly when they meet the same one: one number is compared, not four values.
REPEATED = """
    CREATE TEMPORARY TABLE price_repeated ON COMMIT DROP AS
    SELECT key.list_id, key.product_id, key.min_quantity, key.valid_from, met.first, false AS differs
    FROM (
        SELECT min(ctid) AS first FROM price_merge WHERE bad IS NULL AND old_id IS NOT NULL
        GROUP BY old_id HAVING count(*) > 1
    ) AS met JOIN price_merge AS key ON key.ctid = met.first
    UNION ALL
    SELECT list_id, product_id, min_quantity, valid_from, min(ctid), false
    FROM price_merge WHERE bad IS NULL AND old_id IS NULL
    GROUP BY list_id, product_id, min_quantity, valid_from HAVING count(*) > 1
"""

SAME_KEY = """
    merge.bad IS NULL AND merge.list_id = repeated.list_id AND merge.product_id = repeated.product_id
    AND merge.min_quantity = repeated.min_quantity
    AND merge.valid_from IS NOT DISTINCT FROM repeated.valid_from
"""

COMPARE_REPEATED = f"""
    UPDATE price_repeated AS repeated SET differs = true
    FROM price_merge AS merge, price_merge AS first
    WHERE first.ctid = repeated.first AND {SAME_KEY}
        AND (merge.unit_price, merge.price_unit, merge.valid_until, merge.formula)
            IS DISTINCT FROM (first.unit_price, first.price_unit, first.valid_until, first.formula)
"""

SETTLE_REPEATED = f"""
    UPDATE price_merge AS merge
    SET bad = CASE WHEN repeated.differs THEN 'twice' END,
        is_same = merge.is_same OR merge.ctid <> repeated.first
    FROM price_repeated AS repeated WHERE {SAME_KEY}
"""

# A price that a later reading has ended is not brought back by an earlier one.
LATE = """
    UPDATE price_merge AS merge SET is_same = true
    FROM pricing_pricerow AS row
    WHERE merge.old_id IS NULL AND row.ended_run_id = ANY(%(newer)s::bigint[])
        AND row.price_list_id = merge.list_id AND row.product_id = merge.product_id
        AND row.min_quantity = merge.min_quantity AND row.valid_from IS NOT DISTINCT FROM merge.valid_from
"""

HAS_DATES = """
    SELECT EXISTS (
        SELECT 1 FROM pricing_pricerow
        WHERE ended_run_id IS NULL AND valid_from IS NOT NULL AND price_list_id = ANY(%(lists)s::bigint[])
    )
"""

# Rows of ours that stay: not replaced by a good row, and not about to end with a full list.
STAYING = """
    row.ended_run_id IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM price_merge AS merge WHERE merge.old_id = row.id AND merge.bad IS NULL
    )
    AND (
        row.price_list_id <> ALL(%(full)s::bigint[]) OR row.run_id = ANY(%(newer)s::bigint[])
        OR EXISTS (
            SELECT 1 FROM price_merge AS merge
            WHERE merge.bad IS NOT NULL
                AND merge.list_id = row.price_list_id AND merge.product_id = row.product_id
        )
    )
"""

OVERLAPS = f"""
    UPDATE price_merge AS merge SET bad = 'overlap'
    WHERE merge.bad IS NULL AND (
        EXISTS (
            SELECT 1 FROM price_merge AS other
            WHERE other.bad IS NULL AND other.ctid <> merge.ctid
                AND other.list_id = merge.list_id AND other.product_id = merge.product_id
                AND other.min_quantity = merge.min_quantity
                AND other.valid_from IS DISTINCT FROM merge.valid_from
                AND daterange(other.valid_from, other.valid_until)
                    && daterange(merge.valid_from, merge.valid_until)
        ) OR EXISTS (
            SELECT 1 FROM pricing_pricerow AS row
            WHERE row.price_list_id = merge.list_id AND row.product_id = merge.product_id
                AND row.min_quantity = merge.min_quantity
                AND daterange(row.valid_from, row.valid_until)
                    && daterange(merge.valid_from, merge.valid_until)
                AND {STAYING}
        )
    )
"""

COUNT_CURRENT = """
    SELECT count(*) FROM pricing_pricerow
    WHERE ended_run_id IS NULL AND price_list_id = ANY(%(full)s::bigint[])
"""

# Counts versions only where no two good rows meet the same one; bad rows are left out, and so count for less.
COUNT_MET = """
    SELECT count(old_id) FROM price_merge WHERE bad IS NULL AND list_id = ANY(%(full)s::bigint[])
"""

# What a full list lacks: not named by any row, not brought by a later reading, and not of a product
# one of whose rows could not be taken.
VANISHED = """
    CREATE TEMPORARY TABLE price_vanished ON COMMIT DROP AS
    SELECT row.id, row.price_list_id AS list_id, row.product_id FROM pricing_pricerow AS row
    WHERE row.ended_run_id IS NULL AND row.price_list_id = ANY(%(full)s::bigint[])
        AND row.run_id <> ALL(%(newer)s::bigint[])
        AND NOT EXISTS (SELECT 1 FROM price_merge AS merge WHERE merge.old_id = row.id)
        AND NOT EXISTS (
            SELECT 1 FROM price_merge AS merge
            WHERE merge.bad IS NOT NULL
                AND merge.list_id = row.price_list_id AND merge.product_id = row.product_id
        )
"""

END_CHANGED = """
    UPDATE pricing_pricerow AS row SET ended_run_id = %(run)s
    FROM price_merge AS merge
    WHERE row.id = merge.old_id AND merge.bad IS NULL AND NOT merge.is_same
"""

END_VANISHED = """
    UPDATE pricing_pricerow AS row SET ended_run_id = %(run)s
    FROM price_vanished AS vanished WHERE row.id = vanished.id
"""

INSERT = """
    INSERT INTO pricing_pricerow (
        price_list_id, product_id, min_quantity, unit_price, price_unit,
        valid_from, valid_until, formula, run_id
    )
    SELECT list_id, product_id, min_quantity, unit_price, price_unit,
        valid_from, valid_until, formula, %(run)s
    FROM price_merge WHERE bad IS NULL AND NOT is_same
"""

COUNTS = """
    SELECT list_id, count(*) FILTER (WHERE bad IS NULL AND NOT is_same),
        count(*) FILTER (WHERE bad IS NULL AND NOT is_same AND old_id IS NOT NULL),
        count(*) FILTER (WHERE bad IS NULL AND is_same),
        count(*) FILTER (WHERE bad IS NOT NULL)
    FROM price_merge GROUP BY list_id
"""

COUNTS_VANISHED = "SELECT list_id, count(*) FROM price_vanished GROUP BY list_id"

# Some products per list. To look at the first few thousand rows alone keeps the price of it the same for a
# million rows.
SOME_CHANGED = """
    SELECT few.list_id, (array_agg(DISTINCT product.sku))[:20]
    FROM (
        SELECT list_id, product_id FROM price_merge WHERE bad IS NULL AND NOT is_same LIMIT 5000
    ) AS few JOIN catalog_product AS product ON product.id = few.product_id
    GROUP BY few.list_id
"""

SOME_VANISHED = """
    SELECT few.list_id, (array_agg(DISTINCT product.sku))[:20]
    FROM (SELECT list_id, product_id FROM price_vanished LIMIT 5000) AS few
    JOIN catalog_product AS product ON product.id = few.product_id
    GROUP BY few.list_id
"""

# Of an import that takes another one back: what it ended and what it brought back, per list.
UNDONE = """
    SELECT row.price_list_id, count(*) FILTER (WHERE row.run_id = %(undo)s),
        count(*) FILTER (WHERE row.ended_run_id = %(undo)s), (array_agg(DISTINCT product.sku))[:20]
    FROM pricing_pricerow AS row JOIN catalog_product AS product ON product.id = row.product_id
    WHERE row.run_id = %(undo)s OR row.ended_run_id = %(undo)s
    GROUP BY row.price_list_id
"""

REJECTED = """
    SELECT bad, list_code, sku, min_quantity, unit_price, price_unit, valid_from, valid_until, formula
    FROM price_merge WHERE bad IS NOT NULL ORDER BY list_code, sku, min_quantity LIMIT %(most)s
"""

# Compared crosswise: a division of decimals for each of a million rows takes longer than the rest. DISTINCT, since
# otherwise rows of products that did not change may each be held against every row that came.
RISING = """
    SELECT step.list_id, product.sku, step.min_quantity, step.unit_price, step.price_unit FROM (
        SELECT row.price_list_id AS list_id, row.product_id, row.min_quantity, row.unit_price, row.price_unit,
            lag(row.unit_price) OVER ladder AS price_before, lag(row.price_unit) OVER ladder AS unit_before
        FROM pricing_pricerow AS row
        WHERE row.ended_run_id IS NULL AND row.price_list_id = ANY(%(lists)s::bigint[])
            AND (row.price_list_id, row.product_id) IN (
                SELECT DISTINCT list_id, product_id FROM price_merge WHERE bad IS NULL AND NOT is_same
            )
        WINDOW ladder AS (
            PARTITION BY row.price_list_id, row.product_id, row.valid_from ORDER BY row.min_quantity
        )
    ) AS step
    JOIN catalog_product AS product ON product.id = step.product_id
    WHERE step.unit_price * step.unit_before > step.price_before * step.price_unit
    ORDER BY step.list_id, product.sku, step.min_quantity
"""

HAS_BREAKS = """
    SELECT EXISTS (
        SELECT 1 FROM pricing_pricerow
        WHERE ended_run_id IS NULL AND price_list_id = ANY(%(lists)s::bigint[]) AND min_quantity > 0
    )
"""


REPLACED_SINCE = """
    SELECT now.run_id FROM pricing_pricerow AS old
    JOIN pricing_pricerow AS now
        ON now.ended_run_id IS NULL AND now.price_list_id = old.price_list_id
        AND now.product_id = old.product_id AND now.min_quantity = old.min_quantity
        AND now.valid_from IS NOT DISTINCT FROM old.valid_from
    WHERE old.ended_run_id = %(run)s AND now.run_id <> %(run)s
    UNION ALL
    SELECT ended_run_id FROM pricing_pricerow WHERE run_id = %(run)s AND ended_run_id IS NOT NULL
    LIMIT 1
"""

REVIVE = """
    INSERT INTO pricing_pricerow (
        price_list_id, product_id, min_quantity, unit_price, price_unit,
        valid_from, valid_until, formula, run_id
    )
    SELECT price_list_id, product_id, min_quantity, unit_price, price_unit,
        valid_from, valid_until, formula, %(undo)s
    FROM pricing_pricerow WHERE ended_run_id = %(run)s
"""
