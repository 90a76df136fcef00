"""Lists of the back office that count no further than anybody turns pages (ACC-09)."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

from accounts.listing import COUNTED, Counted, counts


class BoundedPaginator(Paginator):
    """Pages of a list whose count ends at COUNTED, which an index answers at once; the list then says "more than".

    What lies further on is found by searching and filtering.
    """

    @cached_property
    def counted(self) -> Counted:
        """How many rows there are, or more than that. One statement, which reads no more of them."""
        rows: Any = self.object_list
        if not hasattr(rows, "query"):
            return Counted(len(rows))
        return counts({"rows": rows}, most=COUNTED)["rows"]

    @cached_property
    def count(self) -> int:
        """How many rows have pages, at most COUNTED."""
        return min(self.counted.number, COUNTED)

    @property
    def is_more(self) -> bool:
        """Whether there are more rows than pages show."""
        return self.counted.is_more
