"""The tree of companies as pages show it: opened at one place or cut down to what was searched for (ACC-01)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts.customers import Customers
from accounts.models import Company
from accounts.queries.lines import line_of

MOST_FOUND = 50
LINES = """
    WITH RECURSIVE line(id, parent_id) AS (
        SELECT id, parent_id FROM accounts_company WHERE id = ANY(%s)
        UNION SELECT up.id, up.parent_id FROM accounts_company AS up JOIN line ON up.id = line.parent_id
    ) SELECT id FROM line
"""


@dataclass(frozen=True)
class Node:
    """A company in the tree as shown. depth: 0 for what stands leftmost. below: how many hang directly under it.

    is_open: whether these are shown. is_meant: whether it was searched for, or the tree is opened at it.
    """

    company: Company
    depth: int
    below: int
    is_open: bool = False
    is_meant: bool = False

    @property
    def indent(self) -> int:
        """How far a page indents it: the depth, up to six."""
        return min(self.depth, 6)


def all_roots(customers: Customers) -> QuerySet[Company]:
    """Those of the customers, but for merged ones, whose parent is not among them, with the number of those below, as `below`."""
    top = Q(parent=None) if customers.is_all else Q(parent=None) | ~customers.of("parent")
    return (
        _counted(customers.companies().filter(top, merged_into=None))
        .select_related("sales_rep")
        .order_by("name", "pk")
    )


def as_nodes(companies: Iterable[Company], depth: int = 0) -> list[Node]:
    """Companies side by side, none of them open."""
    return [Node(company, depth, company.below) for company in companies]


def all_by_number(number: str, customers: Customers) -> Company | None:
    """The customer of a number, None for none."""
    return customers.companies().filter(number=number).first() if number else None


def all_line_to(company: Company, customers: Customers) -> list[Node]:
    """The line down to a company, each of it open. Two statements."""
    line = list(reversed(line_of(company.pk)))
    among = _counted(customers.companies().filter(pk__in=[item.pk for item in line]))
    found = {item.pk: item for item in among.select_related("sales_rep")}
    shown = [found[item.pk] for item in line if item.pk in found]
    return [
        Node(item, depth, item.below, is_open=True, is_meant=item.pk == company.pk)
        for depth, item in enumerate(shown)
    ]


def all_below(company: Company, customers: Customers) -> QuerySet[Company]:
    """What hangs directly below a company, with the number of those below, as `below`; however many, to be paged."""
    below = customers.companies().filter(parent=company, merged_into=None).select_related("sales_rep")
    return _counted(below).order_by("name", "pk")


def all_found(text: str, customers: Customers) -> list[Node]:
    """The companies that a text names, by number, name or VAT number, each below its parents. Two statements."""
    named = Q(number__istartswith=text) | Q(name__icontains=text) | Q(tax_id__iexact=text)
    found = set(
        customers.companies().filter(named).order_by("name").values_list("pk", flat=True)[:MOST_FOUND]
    )
    rows = customers.companies().filter(pk__in=RawSQL(LINES, [list(found)]))  # noqa: S611
    rows = _counted(rows).select_related("sales_rep")
    return _nested(rows, meant=found)


def _counted(rows: QuerySet[Company]) -> QuerySet[Company]:
    """With the children counted row by row: a page counts those of its own companies alone."""
    below = Company.objects.filter(parent=OuterRef("pk"), merged_into=None).order_by().values("parent")
    counted = Subquery(below.annotate(number=Count("pk")).values("number"))
    return rows.annotate(below=Coalesce(counted, 0))


def _nested(rows: Iterable[Company], *, meant: set[int]) -> list[Node]:
    """Rows in the order of a tree: each below its parent, by name."""
    known = {company.pk: company for company in rows}
    children: dict[int | None, list[Company]] = {}
    for company in sorted(known.values(), key=lambda item: (item.name, item.pk), reverse=True):
        children.setdefault(company.parent_id if company.parent_id in known else None, []).append(company)
    nodes, ahead = [], [(company, 0) for company in children.get(None, [])]
    while ahead:
        company, depth = ahead.pop()
        shown = children.get(company.pk, [])
        nodes.append(Node(company, depth, company.below, bool(shown), company.pk in meant))
        ahead += [(child, depth + 1) for child in shown]
    return nodes
