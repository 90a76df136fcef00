"""One figure of a message that is held, beside what the receiver says of it: read there, nothing written."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Compared:
    """What the message says and what the receiver does.

    kind: contract, known, order, price or credit. key: whose, such as SKU and unit. is_same: whether the
    receiver would take it as it is; None: it did not say. why: in words, where figures do not tell it.
    """

    kind: str
    key: str
    ours: str = ""
    theirs: str = ""
    is_same: bool | None = True
    why: str = ""

    def plain(self) -> dict[str, Any]:
        """As the table keeps it."""
        return asdict(self)
