"""Prices refer to their list and product by triggers that look at each statement's rows as a set.

A foreign key looks up each row by itself when the transaction ends: for a million prices that took
as long as writing them. The same holds here, and versions cannot be rewritten.
"""

import django.db.models.deletion
from django.db import migrations, models

REFERENCES = """
CREATE FUNCTION price_row_refers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added
        WHERE NOT EXISTS (SELECT 1 FROM catalog_product WHERE catalog_product.id = added.product_id)
    ) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT price_list_id FROM added) AS named
        WHERE NOT EXISTS (SELECT 1 FROM pricing_pricelist WHERE pricing_pricelist.id = named.price_list_id)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a price refers to a list or product that is not there',
            CONSTRAINT = 'price_row_refers';
    END IF;
    RETURN NULL;
END $$;

-- Whoever deletes waits for the imports that run, and lets no other begin before it is done.
CREATE FUNCTION price_row_referred() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_referred boolean;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM removed) THEN
        RETURN NULL;
    END IF;
    LOCK TABLE pricing_pricerow IN SHARE ROW EXCLUSIVE MODE;
    IF TG_TABLE_NAME = 'catalog_product' THEN
        SELECT EXISTS (SELECT 1 FROM pricing_pricerow WHERE product_id IN (SELECT id FROM removed)) INTO is_referred;
    ELSE
        SELECT EXISTS (SELECT 1 FROM pricing_pricerow WHERE price_list_id IN (SELECT id FROM removed)) INTO is_referred;
    END IF;
    IF is_referred THEN
        RAISE foreign_key_violation USING MESSAGE = 'a list or product that has prices cannot be deleted',
            CONSTRAINT = 'price_row_referred';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION price_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = 'a price is a version: end it and insert another',
        CONSTRAINT = 'price_row_stays';
END $$;

CREATE TRIGGER price_row_refers AFTER INSERT ON pricing_pricerow
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION price_row_refers();
CREATE TRIGGER price_row_referred AFTER DELETE ON catalog_product
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION price_row_referred();
CREATE TRIGGER price_row_referred AFTER DELETE ON pricing_pricelist
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION price_row_referred();
CREATE TRIGGER price_row_stays BEFORE UPDATE OF
    price_list_id, product_id, min_quantity, unit_price, price_unit, valid_from, valid_until, formula, run_id
    ON pricing_pricerow FOR EACH STATEMENT EXECUTE FUNCTION price_row_stays();
"""

NO_REFERENCES = """
DROP TRIGGER price_row_stays ON pricing_pricerow;
DROP TRIGGER price_row_referred ON pricing_pricelist;
DROP TRIGGER price_row_referred ON catalog_product;
DROP TRIGGER price_row_refers ON pricing_pricerow;
DROP FUNCTION price_row_stays();
DROP FUNCTION price_row_referred();
DROP FUNCTION price_row_refers();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("pricing", "0004_runs_unchecked"),
    ]

    operations = [
        migrations.AddField(
            model_name="pricelist",
            name="last_run",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pricing.pricerun",
            ),
        ),
        migrations.AlterField(
            model_name="pricerow",
            name="price_list",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rows",
                to="pricing.pricelist",
            ),
        ),
        migrations.AlterField(
            model_name="pricerow",
            name="product",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.product",
            ),
        ),
        migrations.RunSQL(REFERENCES, NO_REFERENCES),
    ]
