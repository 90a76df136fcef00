"""Price lists, prices, costs and tax rates for tests."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from pricing.models import ItemCost, PriceList, PriceListAssignment, PriceRow, PriceRun, TaxRate
from tests.factories.catalog import ProductFactory

MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class TaxRateFactory(DjangoModelFactory):
    """20 % VAT under the code that products of tests have."""

    class Meta:
        model = TaxRate
        django_get_or_create = ("code",)

    code = "standard"
    name = "VAT 20 %"
    percent = Decimal(20)
    as_of = MORNING


class PriceListFactory(DjangoModelFactory):
    """A list in EUR for everybody; `company=` gives it to one, `company=False` to nobody."""

    class Meta:
        model = PriceList
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"LIST-{n}")
    name = factory.LazyAttribute(lambda item: f"Prices {item.code}")
    kind = "list"
    currency = "EUR"
    as_of = MORNING

    @factory.post_generation
    def company(item, create, extracted, **kwargs):  # noqa: N805
        """Who gets it."""
        if create and extracted is not False:
            PriceListAssignment.objects.create(price_list=item, company=extracted, **kwargs)


class PriceRunFactory(DjangoModelFactory):
    """The morning's import."""

    class Meta:
        model = PriceRun

    system = "erp"
    flow = "erp.prices"
    as_of = MORNING


class PriceRowFactory(DjangoModelFactory):
    """A price from the first piece on."""

    class Meta:
        model = PriceRow

    price_list = factory.SubFactory(PriceListFactory)
    product = factory.SubFactory(ProductFactory)
    min_quantity = Decimal(0)
    unit_price = Decimal("1.00")
    price_unit = Decimal(1)
    run = factory.SubFactory(PriceRunFactory)


class ItemCostFactory(DjangoModelFactory):
    """60 cents a piece."""

    class Meta:
        model = ItemCost

    product = factory.SubFactory(ProductFactory)
    cost_price = Decimal("0.60")
    currency = "EUR"
    as_of = MORNING
