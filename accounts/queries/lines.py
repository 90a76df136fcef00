"""The line of companies above one, and the tree below it."""

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Company

# The ids of a company and all above it, or all below it. A UNION drops what it has seen: it ends
# whatever the rows say. Unlike a tree's rank, which needs every company there is, it reads only these.
ABOVE = """
    WITH RECURSIVE line(id, parent_id) AS (
        SELECT id, parent_id FROM accounts_company WHERE id = %s
        UNION SELECT up.id, up.parent_id FROM accounts_company AS up JOIN line ON up.id = line.parent_id
    ) SELECT id FROM line
"""


# The same of several companies, by an array of their ids.
ALL_ABOVE = ABOVE.replace("= %s", "= ANY(%s::bigint[])")


BELOW = """
    WITH RECURSIVE tree(id) AS (
        SELECT id FROM accounts_company WHERE id = %s
        UNION SELECT down.id FROM accounts_company AS down JOIN tree ON down.parent_id = tree.id
    ) SELECT id FROM tree
"""


def lineage_of(company_id: int) -> tuple[int, ...]:
    """The ids of a company and its ancestors, nearest first."""
    return tuple(company.pk for company in line_of(company_id))


def line_of(company_id: int) -> list[Company]:
    """A company and its ancestors, nearest first, with their terms. One statement."""
    return lines_of([company_id])[company_id]


def lines_of(company_ids: Iterable[int]) -> dict[int, list[Company]]:
    """The line of each of some companies, nearest first, with their terms. One statement, however many there are."""
    wanted = set(company_ids)
    above = Company.objects.filter(pk__in=RawSQL(ALL_ABOVE, [list(wanted)])).select_related("payment_term")  # noqa: S611
    found = {company.pk: company for company in above.order_by()}
    return {company_id: _line(company_id, found) for company_id in wanted}


def _line(company_id: int, found: Mapping[int, Company]) -> list[Company]:
    line: dict[int, Company] = {}
    company = found.get(company_id)
    while company is not None and company.pk not in line:
        line[company.pk] = company
        company = found.get(company.parent_id or 0)
    return list(line.values())


def tree_of(company_id: int) -> QuerySet[Company]:
    """A company and everything below it."""
    return Company.objects.filter(pk__in=RawSQL(BELOW, [company_id])).order_by()  # noqa: S611
