"""What the sales desk sees: its customers' requests and quotes, with cost, floor and margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.customers import Customers, customers_of
from accounts.models import Company, User
from accounts.queries.companies import all_companies
from accounts.queries.members import grants_of_member, with_composed
from accounts.staff import SALES, SALES_MANAGER, roles_of
from accounts.standing import OURS, SHUT
from accounts.states import Right
from catalog.models import Product, ProductUnit
from catalog.rules import conversion
from core.errors import NotAllowed, NotFound
from pricing.answers import Ask, PriceAnswer
from pricing.queries import active_policy as price_policy
from pricing.queries import all_costs_of, context_for_company, price_sheet
from pricing.rules import floor_of, unit_price_of
from quotes.models import Quote, QuoteLine, QuotePolicy, Rfq
from quotes.rules.approval import Limits, LineFigures, QuoteFigures


@dataclass(frozen=True)
class Desk:
    """Whose desk it is: a salesperson sees the own customers, a manager everybody's."""

    user_id: int
    is_manager: bool
    customers: Customers


def desk_of(user_id: int | None) -> Desk:
    """The desk of a person of the sales staff. Raises NotAllowed for anybody else."""
    user = User.objects.filter(pk=user_id).first() if user_id else None
    roles = roles_of(user) if user else frozenset()
    if user is None or not (user.is_superuser or roles & {SALES, SALES_MANAGER}):
        raise NotAllowed(_("Quotes are made by the sales staff. Ask for the role “Sales”."), right=SALES)
    is_manager = user.is_superuser or SALES_MANAGER in roles
    return Desk(user.pk, is_manager, customers_of(user, roles))


def rfqs_at(desk: Desk) -> QuerySet[Rfq]:
    """The requests of a desk's customers, newest first."""
    return all_rfqs().filter(desk.customers.of("company"))


def quotes_at(desk: Desk) -> QuerySet[Quote]:
    """The quotes of a desk's customers, newest first."""
    return all_quotes().filter(desk.customers.of("company"))


def customers_at(desk: Desk) -> QuerySet[Company]:
    """The customers of a desk that are not closed, by name."""
    customers = all_companies().exclude(status__in=[*SHUT, *OURS])
    return customers.filter(desk.customers.of("pk")).order_by("name", "pk")


def buyers_of(company: Company) -> list[User]:
    """The people of a company, those who may answer a quote first, then by name."""
    active = company.memberships.filter(is_active=True, user__is_active=True)
    members = with_composed(active).select_related("user")
    ranked = sorted(members, key=lambda one: (Right.BUY not in grants_of_member(one), str(one.user), one.pk))
    return [member.user for member in ranked]


def rfq_at(desk: Desk, number: str) -> Rfq:
    """A request of a desk. Raises NotFound for unknown ones and those of other desks."""
    rfq = rfqs_at(desk).filter(number=number).first()
    if rfq is None:
        raise NotFound(_("There is no such request among your customers'."))
    return rfq


def quote_at(desk: Desk, number: str) -> Quote:
    """A quote of a desk. Raises NotFound for unknown ones and those of other desks."""
    quote = quotes_at(desk).filter(number=number).first()
    if quote is None:
        raise NotFound(_("There is no such quote among your customers'."))
    return quote


def all_rfqs() -> QuerySet[Rfq]:
    """Every request, for staff and jobs."""
    return Rfq.objects.select_related("company", "company__sales_rep", "requested_by", "ship_to")


def all_quotes() -> QuerySet[Quote]:
    """Every quote, for staff and jobs."""
    return Quote.objects.select_related("company", "company__sales_rep", "owner", "contact", "rfq")


def active_policy() -> QuotePolicy:
    """The quote policy in force: the newest version whose time has come."""
    return QuotePolicy.objects.filter(active_from__lte=timezone.now()).latest("version")


def all_policies() -> QuerySet[QuotePolicy]:
    """Every version of the quote policy, newest first."""
    return QuotePolicy.objects.all()


def limits_of(policy: QuotePolicy) -> Limits:
    """The limits of a policy as the rules take them."""
    return Limits(
        version=policy.version,
        max_discount_percent=policy.max_discount_percent,
        min_margin_percent=policy.min_margin_percent,
        max_net_amount=policy.max_net_amount,
    )


def figures_of(lines: Sequence[QuoteLine]) -> QuoteFigures:
    """The figures that a revision's lines are judged by."""
    return QuoteFigures(
        tuple(
            LineFigures(
                position=line.position,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                net_amount=line.net_amount,
                list_price=line.list_price,
                contract_price=line.contract_price,
                floor_price=line.floor_price,
                cost_price=line.cost_price,
            )
            for line in lines
        )
    )


@dataclass(frozen=True)
class Wanted:
    """A product in a unit and a quantity of it, as a line asks for it."""

    product: Product
    unit: ProductUnit
    quantity: Decimal


@dataclass(frozen=True)
class DeskPrices:
    """What sales sees beside its own price, per the line's unit; None where there is none.

    contract_price: what this company pays without the quote where that is not the list price.
    """

    list_price: Decimal | None
    contract_price: Decimal | None
    floor_price: Decimal | None
    cost_price: Decimal | None
    story: dict[str, Any]

    @property
    def usual_price(self) -> Decimal | None:
        """What this company pays without the quote."""
        return self.list_price if self.contract_price is None else self.contract_price


def desk_prices(company: Company, wanted: Sequence[Wanted]) -> list[DeskPrices]:
    """The prices beside each line, in the order asked. Source: QTE-04.

    A fixed number of statements. Lines of the same product count together for the breaks. Cost
    and floor are only told in the company's own currency.
    """
    asks = [
        Ask(item.product.pk, conversion(item.unit).to_base(item.quantity), nth, basket="quote")
        for nth, item in enumerate(wanted)
    ]
    answers = price_sheet(context_for_company(company), asks)
    costs = all_costs_of({item.product.pk for item in wanted})
    margin = price_policy().floor_margin_percent
    told = []
    for nth, item in enumerate(wanted):
        cost = costs.get(item.product.pk)
        known = cost.cost_price if cost and cost.currency == company.currency else None
        told.append(_beside(answers[nth], item.unit, known, margin))
    return told


def _beside(answer: PriceAnswer, unit: ProductUnit, cost: Decimal | None, margin: Decimal) -> DeskPrices:
    ratio = (unit.numerator, unit.denominator)
    listed = answer.candidate_of("list")
    agreed = answer.winner if answer.winner and answer.winner.kind != "list" else None
    cost_price = (
        None
        if cost is None
        else unit_price_of(cost, price_unit=Decimal(1), numerator=ratio[0], denominator=ratio[1])
    )
    return DeskPrices(
        list_price=listed.unit_price_for(*ratio) if listed else None,
        contract_price=agreed.unit_price_for(*ratio) if agreed else None,
        floor_price=floor_of(cost_price, margin_percent=margin),
        cost_price=cost_price,
        story=answer.story(),
    )
