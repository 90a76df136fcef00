"""Customers that may be one and the same: by tax id, by name, by address (ACC-13)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.standing import Standing

# As plain_name has them: dots are gone, and single letters in a row are one word (S.r.l., m.b.H.).
FORMS = {
    "mbh",
    "gesmbh",
    "ug",
    "gbr",
    "kgaa",
    "aktiengesellschaft",
    "kommanditgesellschaft",
    "incorporated",
    "corporation",
    "corp",
    "company",
    "sa",
    "nv",
    "sro",
    "doo",
    "gmbh",
    "ag",
    "kg",
    "og",
    "ohg",
    "ltd",
    "limited",
    "inc",
    "llc",
    "plc",
    "sarl",
    "sas",
    "spa",
    "srl",
    "bv",
    "co",
}
RULES = ("tax_id", "name", "address")
# Two are alike by one key: the tax id, or name and place together. Keys that only one group has are dropped before
# anything is paired, so that a group's branches, which share its tax id, cost one row each and not one per pair.
PAIRS = """
    WITH RECURSIVE looked AS MATERIALIZED (
        SELECT id, number COLLATE "C" AS number, accord_plain_tax_id(tax_id) AS tax, accord_plain_name(name) AS called
        FROM accounts_company
        WHERE merged_into_id IS NULL AND NOT status = ANY(%(shut)s)
            AND (%(among)s::text[] IS NULL OR number = ANY(%(among)s))
    ), placed AS MATERIALIZED (
        SELECT DISTINCT looked.id, accord_plain_place(street, postal_code, country) AS place
        FROM looked JOIN accounts_address AS address ON address.company_id = looked.id AND address.is_active
        WHERE called IN (SELECT called FROM looked GROUP BY called HAVING count(*) > 1)
    ), keyed AS (
        SELECT id, 't-' || tax AS key FROM looked WHERE tax IS NOT NULL
        UNION ALL SELECT id, 'n-' || called || '-' || place FROM looked JOIN placed USING (id) WHERE place IS NOT NULL
    ), shared AS MATERIALIZED (
        SELECT id, key FROM keyed WHERE key IN (SELECT key FROM keyed GROUP BY key HAVING count(*) > 1)
    ), up(id, at) AS (
        SELECT id, id FROM shared
        UNION SELECT up.id, company.parent_id FROM up JOIN accounts_company AS company ON company.id = up.at
            WHERE company.parent_id IS NOT NULL
    ), grouped AS MATERIALIZED (
        SELECT shared.id, shared.key, up.at AS top FROM shared JOIN up USING (id)
        JOIN accounts_company AS company ON company.id = up.at AND company.parent_id IS NULL
    ), alike AS (
        SELECT DISTINCT a.id AS one, b.id AS other FROM grouped AS a JOIN grouped AS b USING (key)
        WHERE a.top <> b.top AND a.id <> b.id
            AND key IN (SELECT key FROM grouped GROUP BY key HAVING count(DISTINCT top) > 1)
    )
    SELECT one.number, other.number, coalesce(one.tax = other.tax, false), coalesce(one.called = other.called, false),
        EXISTS (
            SELECT 1 FROM accounts_address AS a JOIN accounts_address AS b
                ON accord_plain_place(b.street, b.postal_code, b.country)
                    = accord_plain_place(a.street, a.postal_code, a.country)
            WHERE a.company_id = one.id AND b.company_id = other.id AND a.is_active AND b.is_active
        )
    FROM alike JOIN looked AS one ON one.id = alike.one JOIN looked AS other ON other.id = alike.other
    WHERE one.number < other.number AND NOT one.number || '/' || other.number = ANY(%(parted)s)
    ORDER BY one.number, other.number LIMIT %(limit)s
"""
# Words of a form that mean nothing alone, before the one that does.
SPOKEN = re.compile(r"\b(?:gesellschaft|ges) (?:mbh|mit beschrankter haftung)\b")


@dataclass(frozen=True)
class Pair:
    """Two that may be one, the older number first, and by which rules: tax_id, name, address."""

    one: str
    other: str
    rules: tuple[str, ...]


def plain_tax_id(text: str) -> str:
    """A tax id without spaces, dots and dashes, in capitals."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def plain_name(text: str) -> str:
    """A name without accents, signs and legal form, however that is written out, in small letters."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"[a-z0-9]+", "".join(sign for sign in bare if not unicodedata.combining(sign)))
    joined = re.sub(r"(?<=\b[a-z]) (?=[a-z]\b)", "", " ".join(words))
    return " ".join(word for word in SPOKEN.sub("", joined).split() if word not in FORMS)


def plain_address(street: str, postal_code: str, country: str) -> str:
    """A place as one word; "" where street or postal code lacks."""
    bare = plain_name(re.sub(r"(?i)str(aße|asse|\.)", "str", street)).replace(" ", "")
    return f"{country.upper()}-{postal_code.strip()}-{bare}" if bare and postal_code.strip() else ""


def all_duplicates(
    *, parted: Iterable[str] = (), among: Iterable[str] = (), limit: int | None = None
) -> list[Pair]:
    """The pairs among all open customers that share a tax id, or both name and address; by their numbers.

    Never two of one group, which may share both; a name or an address alone is no sign: branches and neighbours
    have it in common. parted: pairs to leave out, as "one/other". among: look at these customers alone. One statement.
    """
    values: dict[str, Any] = {
        "shut": [Standing.CLOSED, Standing.REJECTED],
        "parted": list(parted),
        "among": list(among) or None,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, values)
        return [
            Pair(one, other, tuple(rule for rule, is_shared in zip(RULES, shared, strict=True) if is_shared))
            for one, other, *shared in cursor.fetchall()
        ]
