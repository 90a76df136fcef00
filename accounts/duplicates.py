"""Customers that may be one and the same: by tax id, by name, by address (ACC-13)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import Address, Company
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
# Words of a form that mean nothing alone, before the one that does.
SPOKEN = re.compile(r"\b(?:gesellschaft|ges) (?:mbh|mit beschrankter haftung)\b")


@dataclass(frozen=True)
class Facts:
    """What of a company is compared. line: its number and those of the companies above it, nearest first."""

    number: str
    tax_id: str
    name: str
    addresses: frozenset[str]
    line: tuple[str, ...]


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


def pairs_among(facts: Sequence[Facts]) -> list[Pair]:
    """The pairs that share a tax id, or both name and address; never two of one line, which may share both.

    A name or an address alone is no sign: branches and neighbours have it in common.
    """
    by_tax = _shared((item.tax_id, item) for item in facts)
    by_name = _shared((item.name, item) for item in facts)
    by_place = _shared((place, item) for item in facts for place in item.addresses)
    known = {item.number: item for item in facts}
    found = []
    for one, other in sorted(by_tax | (by_name & by_place)):
        if _is_of_one_group(known[one], known[other]):
            continue
        named = (("tax_id", by_tax), ("name", by_name), ("address", by_place))
        found.append(Pair(one, other, tuple(rule for rule, pairs in named if (one, other) in pairs)))
    return found


def _shared(keyed: Iterable[tuple[str, Facts]]) -> set[tuple[str, str]]:
    groups: dict[str, set[str]] = {}
    for key, item in keyed:
        if key:
            groups.setdefault(key, set()).add(item.number)
    return {(one, other) for group in groups.values() for one in group for other in group if one < other}


def _is_of_one_group(one: Facts, other: Facts) -> bool:
    return one.line[-1] == other.line[-1]


def all_duplicates() -> list[Pair]:
    """The pairs among all companies that are open and not merged. Two statements."""
    rows = {row.pk: row for row in Company.objects.filter(merged_into=None).order_by()}
    places: dict[int, set[str]] = {}
    addresses = Address.objects.filter(is_active=True).order_by()
    for company_id, *place in addresses.values_list("company_id", "street", "postal_code", "country"):
        places.setdefault(company_id, set()).add(plain_address(*place))
    shut = {Standing.CLOSED, Standing.REJECTED}
    return pairs_among(
        [
            Facts(
                number=row.number,
                tax_id=plain_tax_id(row.tax_id),
                name=plain_name(row.name),
                addresses=frozenset(places.get(row.pk, set()) - {""}),
                line=_line(row, rows),
            )
            for row in rows.values()
            if row.status not in shut
        ]
    )


def _line(company: Company, rows: dict[int, Company]) -> tuple[str, ...]:
    line, seen = [company.number], {company.pk}
    above = rows.get(company.parent_id or 0)
    while above is not None and above.pk not in seen:
        line.append(above.number)
        seen.add(above.pk)
        above = rows.get(above.parent_id or 0)
    return tuple(line)
