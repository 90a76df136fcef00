"""What is compared to find double customers, as functions of the database, with an index on each key of a company."""

from django.db import migrations, models

import accounts.models.plain

TAX_ID = r"""
CREATE FUNCTION accord_plain_tax_id(typed text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT AS $$
    SELECT nullif(regexp_replace(upper(replace(typed, 'ß', 'ss') COLLATE "C"), '[^0-9A-Z]', '', 'g'), '')
$$
"""
# Accents go first, then what is neither letter nor digit; single letters in a row are one word (m.b.H.), the words of a
# legal form that mean nothing alone go with the one that does, and then the forms themselves.
NAME = r"""
CREATE FUNCTION accord_plain_name(typed text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT AS $$
    SELECT nullif(btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        btrim(regexp_replace(
            lower(regexp_replace(normalize(replace(replace(typed, 'ß', 'ss'), 'ẞ', 'ss'), NFKD),
                                 '[\u0300-\u036F]', '', 'g') COLLATE "C"),
            '[^a-z0-9]+', ' ', 'g')),
        '(?<=\y[a-z]) (?=[a-z]\y)', '', 'g'),
        '\y(?:gesellschaft|ges) (?:mbh|mit beschrankter haftung)\y', '', 'g'),
        '\y(?:mbh|gesmbh|ug|gbr|kgaa|aktiengesellschaft|kommanditgesellschaft|incorporated|corporation|corp|company|sa|nv|sro|doo|gmbh|ag|kg|og|ohg|ltd|limited|inc|llc|plc|sarl|sas|spa|srl|bv|co)\y', '', 'g'),
        ' +', ' ', 'g')), '')
$$
"""
PLACE = r"""
CREATE FUNCTION accord_plain_place(street text, postal_code text, country text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT AS $$
    SELECT upper(country) || '-' || nullif(btrim(postal_code), '') || '-'
        || replace(accord_plain_name(regexp_replace(street, 'str(aße|asse|\.)', 'str', 'gi')), ' ', '')
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0025_sign_ins_watched")]

    operations = [
        migrations.RunSQL(TAX_ID, "DROP FUNCTION accord_plain_tax_id(text)"),
        migrations.RunSQL(NAME, "DROP FUNCTION accord_plain_name(text)"),
        migrations.RunSQL(PLACE, "DROP FUNCTION accord_plain_place(text, text, text)"),
        migrations.AddIndex(
            "company",
            models.Index(accounts.models.plain.PlainTaxId("tax_id"), name="company_plain_tax_id"),
        ),
        migrations.AddIndex(
            "company",
            models.Index(accounts.models.plain.PlainName("name"), name="company_plain_name"),
        ),
    ]
