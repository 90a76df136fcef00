"""How product texts become words that can be found, and how a typed text asks for them."""

import re
from typing import LiteralString

# One language for stemming; part numbers and sizes pass through it unharmed.
LANGUAGE: LiteralString = "english"

# Written once for both ends, in the dialect that Python and PostgreSQL share: "M8x30" is found as
# "M8 x 30", "A2-70" as "A2 70".
BETWEEN_NUMBERS: LiteralString = r"([0-9])\s*[x×*]\s*(?=[0-9])"
SEPARATORS: LiteralString = r"[-–/:_,;()&|!<>''\"\\]"

_TEXT: LiteralString = (
    "regexp_replace(regexp_replace(lower({text}), '" + SEPARATORS + "', ' ', 'g'), "
    "'" + BETWEEN_NUMBERS + "', '\\1 ', 'g')"
)


def _vector(text: LiteralString, weight: LiteralString) -> LiteralString:
    words = _TEXT.replace("{text}", text)
    return "setweight(to_tsvector('" + LANGUAGE + "', " + words + "), '" + weight + "')"


ATTRIBUTE_WORDS: LiteralString = (
    "(SELECT string_agg(concat_ws(' ', a->>'name', a->>'value', a->>'unit'), ' ') "
    "FROM jsonb_array_elements(p.attributes) a)"
)

# The search column of a product whose row is `p`.
VECTOR: LiteralString = " || ".join(
    (
        _vector("concat_ws(' ', p.name, p.standard, p.sku)", "A"),
        _vector("concat_ws(' ', p.keywords, p.erp_name)", "B"),
        _vector("coalesce(" + ATTRIBUTE_WORDS + ", '')", "C"),
        _vector("p.description", "D"),
    )
)


def words_of(text: str) -> list[str]:
    """The words of a typed text, cut as the index cuts its texts; at most eight count."""
    spaced = re.sub(SEPARATORS.replace("''", "'"), " ", text.lower())
    return re.sub(BETWEEN_NUMBERS, r"\1 ", spaced).split()[:8]


def ts_query(text: str) -> str:
    """A typed text as a raw tsquery: every word must be there, the last may be unfinished.

    Empty when nothing is left to look for.
    """
    words = [f"'{word}'" for word in words_of(text)]
    return " & ".join([*words[:-1], f"{words[-1]}:*"]) if words else ""
