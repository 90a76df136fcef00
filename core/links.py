"""Addresses of pages in what people type: nobody is to send others a link in a mail of ours (phishing).

Mail programs make links of bare words, too. So a name that somebody gives is refused where it holds the name of a host,
and words that are quoted in a mail leave out what is plainly an address: the page behind the mail shows them whole.
"""

import re
import unicodedata

# What programs make links of where it stands alone. Not every domain of a country: "Co.KG" and "Ges.m.b.H" are names.
_ENDS = (
    "com|net|org|info|biz|name|pro|io|co|app|dev|page|link|click|live|site|online|store|shop|club|top|xyz|win|bid|"
    "icu|vip|work|world|today|cloud|digital|email|support|zip|mov|example|"
    "at|be|ch|cz|de|dk|es|eu|fi|fr|hu|ie|it|li|lu|nl|no|pl|pt|ro|ru|se|si|sk|su|tk|ml|ga|cf|gq|cn|in|me|cc|tv|ws|uk|us"
)
_HOST = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+"
_PLAIN = rf"(?:\b[a-z][a-z0-9+.-]{{1,20}}:)?//\S+|\bwww\.\S+|\bmailto:\S+|\b{_HOST}[^\W\d_]{{2,24}}(?::\d+)?[/?#\\]\S*|\b{_HOST}[^\W\d_]{{2,24}}:\d+\b"
PLAIN = re.compile(_PLAIN, re.IGNORECASE)
LIKELY = re.compile(
    rf"{_PLAIN}|\b{_HOST}(?:{_ENDS})\b(?!\.\w)|[\r\n]|\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b|\S@\S", re.IGNORECASE
)
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024\ufe52", "."))
LEFT_OUT = "[…]"


def holds_link(text: str) -> bool:
    """Whether a name holds what a mail program could make a link of, or more than one line."""
    return LIKELY.search(_as_read(text)) is not None


def without_links(text: str) -> str:
    """Words as they may stand in a mail: what is plainly an address is left out, as `LEFT_OUT`."""
    plain = _as_read(text)
    return PLAIN.sub(LEFT_OUT, plain) if PLAIN.search(plain) else text


def _as_read(text: str) -> str:
    """The text as eyes and mail programs read it: one spelling of dots and letters, nothing invisible."""
    shown = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFKC", shown.translate(_DOTS)).translate(_DOTS)
