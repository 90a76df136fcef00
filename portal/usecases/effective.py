"""What counts for a company, and where each value comes from (ACC-08)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Company
from accounts.queries.billing import billing_of
from accounts.queries.credit import credit_of
from accounts.queries.lines import line_of
from accounts.segments import all_segment_names, segments_of, segments_with_origin
from catalog.entitlement import range_of
from core import freshness
from core.days import erp_today
from integrations.flows import kinds_of_figures
from orders.queries.rules import rules_in_force
from portal.templatetags.accord import money, span
from pricing.queries import context_for_company, eligible_lists


@dataclass(frozen=True)
class Effective:
    """One value that counts. kind: terms, credit, bill_to, address, prices, assortment, rule, segment or age.

    origin: number of the company that has it, or key of the segment; "" for what everybody has, or nobody.
    origin_name: the same in words.
    """

    kind: str
    label: str
    value: str
    origin: str
    origin_name: str
    is_inherited: bool


def effective(company: Company) -> list[Effective]:
    """Every value that counts for a company with its origin: its own, a company's above, a segment's, everybody's.

    The same functions answer that pages, cart and checkout ask. The number of statements does not grow with the tree.
    """
    line = line_of(company.pk)
    told = _Told(company, line)
    return [
        *_terms(company, line, told),
        *_prices(company, told),
        *_assortments(line, told),
        *_rules(company, line, told),
        *_segments(line, told),
        *_ages(line, told),
    ]


class _Told:
    """Makes values out of what was found, naming origins in words."""

    def __init__(self, company: Company, line: list[Company]) -> None:
        self.company = company
        self.names = {item.number: item.name for item in line}
        self.segments = all_segment_names()

    def of(self, kind: str, label: str, value: str, origin: str) -> Effective:
        name = self.names.get(origin) or self.segments.get(origin) or (origin or _("everybody"))
        return Effective(kind, label, value, origin, name, origin != self.company.number)

    def none(self, kind: str, label: str, value: str) -> Effective:
        return Effective(kind, label, value, "", "–", is_inherited=False)


def _terms(company: Company, line: list[Company], told: _Told) -> Iterable[Effective]:
    billing, credit = billing_of(company, line), credit_of(company)
    if billing.payment_term and billing.payment_term_from:
        term, origin = billing.payment_term.name, billing.payment_term_from.number
        yield told.of("terms", _("Payment term"), term, origin)
    else:
        yield told.none("terms", _("Payment term"), _("none"))
    if credit.account is not None and credit.limit_amount is not None:
        limit = money(credit.limit_amount, credit.account.currency)
        yield told.of("credit", _("Credit limit"), limit, credit.account.company.number)
    else:
        yield told.none("credit", _("Credit limit"), _("no limit"))
    if billing.address is not None:
        yield told.of("bill_to", _("Invoices go to"), str(billing.address), billing.company.number)
    else:
        yield told.none("bill_to", _("Invoices go to"), _("no address"))


def _prices(company: Company, told: _Told) -> Iterable[Effective]:
    for found in eligible_lists(context_for_company(company)):
        yield told.of("prices", _("Price list"), found.list_name, found.origin)


def _assortments(line: list[Company], told: _Told) -> Iterable[Effective]:
    seen = range_of([item.pk for item in line], erp_today())
    if seen.is_open:
        yield told.of("assortment", _("Assortment"), _("the whole catalogue"), "")
    for given in seen.counted:
        yield told.of("assortment", _("Assortment"), given.name, given.origin)


def _rules(company: Company, line: list[Company], told: _Told) -> Iterable[Effective]:
    """The approval rules that orders of the company are held against (APR-10)."""
    place = {item.pk: distance for distance, item in enumerate(line)}
    rules = sorted(rules_in_force(list(place)), key=lambda rule: (place[rule.company_id], rule.name))
    for rule in rules:
        if rule.applies_below or rule.company_id == company.pk:
            yield told.of("rule", _("Approval rule"), rule.name, rule.company.number)


def _segments(line: list[Company], told: _Told) -> Iterable[Effective]:
    numbers = {item.pk: item.number for item in line}
    for key, company_id in sorted(segments_with_origin([item.pk for item in line]).items()):
        yield told.of("segment", _("Segment"), told.segments.get(key, key), numbers[company_id])


def _ages(line: list[Company], told: _Told) -> Iterable[Effective]:
    """How old figures may be, where a segment has another limit than everybody (ACC-15)."""
    freshness.read_up_to()
    words = dict(kinds_of_figures())
    for kind, (key, limit) in freshness.segment_limits(segments_of([item.pk for item in line])).items():
        label = _("Age of figures: %(kind)s") % {"kind": words.get(kind, kind)}
        usual = freshness.usual_limit(kind)
        value = _("at most %(age)s; everybody else %(usual)s") % {
            "age": span(limit),
            "usual": span(usual) if usual else _("no limit"),
        }
        yield told.of("age", label, value, key)
