"""Free texts of other systems, made fit to be kept: short, and without the values they echo (X-23)."""

import re

LENGTH = 300
MASK = "•••"

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<![\w])'[^']*'(?![\w])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_SECRET = re.compile(r"(?i)\b(session|basic|bearer|password|token|key)\b[\s:=]+\S+")
_LONG_HEX = re.compile(r"\b[0-9a-fA-F]{16,}\b")
_AMOUNT = re.compile(r"([€$£]\s?)?-?\d[\d.,   ]*\d([.,]\d+)?|[€$£]\s?\d")
_ADDRESS = re.compile(r"//[^/@\s]+@")


def masked(text: str) -> str:
    """The text in one line of at most 300 characters; quotations, amounts, addresses, secrets as dots."""
    line = " ".join(str(text).split())
    line = _ADDRESS.sub(f"//{MASK}@", line)
    for pattern in (_SECRET, _QUOTED, _EMAIL, _LONG_HEX, _AMOUNT):
        line = pattern.sub(MASK, line)
    return line if len(line) <= LENGTH else f"{line[: LENGTH - 1]}…"
