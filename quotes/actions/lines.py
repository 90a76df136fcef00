"""The lines of a revision: found, priced beside the ERP's figures, written as a whole."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from accounts.queries.lines import lineage_of
from catalog.models import Product, ProductUnit
from catalog.queries import all_hidden_from
from catalog.rules import LARGEST, check_quantity
from core.errors import DomainError, InvalidValue
from core.money import ZERO, line_net
from orders.rules.lines import check_sellable
from orders.rules.totals import totals_of
from pricing.queries import tax_percents
from quotes.drafts import LineDraft
from quotes.models import QuoteLine, QuoteRevision
from quotes.queries.desk import DeskPrices, Wanted, desk_prices


def write_lines(revision: QuoteRevision, company: Company, drafts: Sequence[LineDraft]) -> None:
    """Replace the lines of an unfrozen revision and its totals; list, agreement, floor and cost
    are asked anew.

    A draft without a price comes at what the company pays anyway; on request it has none. Raises InvalidValue naming the line for an unknown product or unit, or a quantity or price
    that cannot be. A fixed number of statements.
    """
    wanted = _wanted(drafts)
    percents = tax_percents({item.product.tax_code for item in wanted})
    beside = desk_prices(company, wanted)
    lines = [
        _line(revision, position, draft, item, prices, percents[item.product.tax_code], company.currency)
        for position, (draft, item, prices) in enumerate(zip(drafts, wanted, beside, strict=True), start=1)
    ]
    revision.lines.all().delete()
    QuoteLine.objects.bulk_create(lines)
    totals = totals_of([(line.net_amount, line.tax_percent) for line in lines], company.currency)
    revision.net_amount = totals.net_amount
    revision.tax_amount = totals.tax_amount
    revision.gross_amount = totals.gross_amount
    revision.taxes = totals.taxes_as_json()
    revision.save(update_fields=["net_amount", "tax_amount", "gross_amount", "taxes"])


def drafts_of(revision: QuoteRevision) -> list[LineDraft]:
    """The lines of a revision as drafts, to be written into another one."""
    return [
        LineDraft(
            sku=line.sku,
            unit_key=line.unit_key,
            quantity=line.quantity,
            unit_price=line.unit_price,
            target_price=line.target_price,
            note=line.note,
        )
        for line in revision.lines.order_by("position")
    ]


def check_offerable(revision: QuoteRevision) -> None:
    """Refuse a revision that could not be ordered as it stands.

    Raises InvalidValue for one without lines or with a line that has no price, and the refusals
    of check_sellable and check_quantity, each naming its line. So is a product that is not in the
    range of the customer, who could not order it (ENT-08).
    """
    lines = list(revision.lines.select_related("product", "unit").order_by("position"))
    if not lines:
        raise InvalidValue(_("There is nothing in this quote: add a line first."), field="lines")
    company = revision.quote.company
    hidden = all_hidden_from(lineage_of(company.pk), [line.product_id for line in lines])
    for line in lines:
        if line.product_id in hidden:
            text = _(
                "%(sku)s is not in the range of %(company)s, who could not order it. Add it to one of their "
                "assortments, or take the line out."
            )
            raise _at(line.position, text % {"sku": line.sku, "company": company}, "sku")
        if line.unit_price is None:
            raise _at(line.position, _("%(sku)s has no price yet.") % {"sku": line.sku}, "unit_price")
        if line.unit is None or not line.unit.is_active:
            raise _at(
                line.position,
                _("%(sku)s is no longer sold in this unit. Choose another one.") % {"sku": line.sku},
                "unit_key",
            )
        try:
            check_sellable(line.product.sku, line.product.status)
            check_quantity(line.product, line.unit, line.quantity)
        except DomainError as refusal:
            raise _at(line.position, refusal, "quantity") from refusal


def _wanted(drafts: Sequence[LineDraft]) -> list[Wanted]:
    """The products and units of the drafts; one that is sold no more is refused when it is offered."""
    units = ProductUnit.objects.order_by("-is_active", "-is_default", "numerator")
    found = Product.objects.filter(sku__in={draft.sku for draft in drafts})
    products = {product.sku: product for product in found.prefetch_related(Prefetch("units", units))}
    wanted = []
    for position, draft in enumerate(drafts, start=1):
        product = products.get(draft.sku)
        if product is None:
            raise _at(position, _("There is no product “%(sku)s”.") % {"sku": draft.sku}, "sku")
        _check_number(position, draft.quantity, "quantity")
        if draft.unit_price is not None:
            _check_number(position, draft.unit_price, "unit_price")
        if draft.quantity <= 0:
            raise _at(position, _("the quantity must be more than nothing."), "quantity")
        unit = next((unit for unit in product.units.all() if draft.unit_key in ("", unit.key)), None)
        if unit is None:
            words = {"sku": product.sku, "unit": draft.unit_key}
            raise _at(position, _("%(sku)s is not sold in “%(unit)s”.") % words, "unit_key")
        wanted.append(Wanted(product, unit, draft.quantity))
    return wanted


def _line(
    revision: QuoteRevision,
    position: int,
    draft: LineDraft,
    item: Wanted,
    prices: DeskPrices,
    tax_percent: Decimal,
    currency: str,
) -> QuoteLine:
    price = prices.usual_price if draft.unit_price is None else draft.unit_price
    net = ZERO if price is None else line_net(draft.quantity, price, currency=currency)
    return QuoteLine(
        revision=revision,
        position=position,
        product=item.product,
        unit=item.unit,
        sku=item.product.sku,
        name=item.product.title,
        unit_code=item.unit.code,
        unit_key=item.unit.key,
        numerator=item.unit.numerator,
        denominator=item.unit.denominator,
        quantity=draft.quantity,
        target_price=draft.target_price,
        list_price=prices.list_price,
        contract_price=prices.contract_price,
        floor_price=prices.floor_price,
        cost_price=prices.cost_price,
        unit_price=price,
        net_amount=net,
        tax_code=item.product.tax_code,
        tax_percent=tax_percent,
        price_story=prices.story,
        note=draft.note.strip()[:300],
    )


def _check_number(position: int, value: Decimal, field: str) -> None:
    if not value.is_finite() or value < 0 or value > LARGEST:
        raise _at(position, _("quantity and price are numbers from 0 up."), field)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        raise _at(position, _("quantity and price have at most six decimals."), field)


def _at(position: int, message: Any, field: str) -> InvalidValue:
    text = _("Line %(line)s: %(message)s") % {"line": position, "message": str(message)}
    return InvalidValue(text, field=field, line=position)
