"""Products, units, warehouses and stock for tests."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from catalog.models import Category, Media, Product, ProductRelation, ProductUnit, StockLevel, Warehouse
from catalog.rules import natural_order, sku_key

MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class CategoryFactory(DjangoModelFactory):
    """A root of the taxonomy, unless `parent` is given."""

    class Meta:
        model = Category

    pim_id = factory.Sequence(lambda n: f"CAT-{n}")
    slug = factory.Sequence(lambda n: f"category-{n}")
    name = factory.Sequence(lambda n: f"Category {n}")


class ProductFactory(DjangoModelFactory):
    """A published product for sale in pieces; `units={"box": 100}` adds packages."""

    class Meta:
        model = Product
        skip_postgeneration_save = True

    class Params:
        unpublished = factory.Trait(pim_as_of=None, name="")

    sku = factory.Sequence(lambda n: f"912-{n:05}-88Z")
    sku_key = factory.LazyAttribute(lambda product: sku_key(product.sku))
    sku_order = factory.LazyAttribute(lambda product: natural_order(product.sku))
    erp_id = factory.Sequence(str)
    erp_name = factory.LazyAttribute(lambda product: f"SCREW {product.sku}")
    tax_code = "standard"
    erp_as_of = MORNING
    name = factory.LazyAttribute(lambda product: f"Socket head cap screw {product.sku}")
    standard = "ISO 4762:2004"
    category = factory.SubFactory(CategoryFactory)
    pim_as_of = MORNING

    @factory.post_generation
    def units(product, create, extracted, **kwargs):  # noqa: N805
        """The piece always, and the packages that are given, by key and content."""
        if not create:
            return
        codes = {"box": "XBX", "carton": "XCT", "pallet": "XPX"}
        ProductUnitFactory(product=product)
        for key, content in (extracted or {}).items():
            ProductUnitFactory(product=product, key=key, code=codes[key], numerator=content, is_default=False)


class ProductUnitFactory(DjangoModelFactory):
    """The base unit, offered first."""

    class Meta:
        model = ProductUnit

    product = factory.SubFactory(ProductFactory)
    key = "piece"
    code = "C62"
    numerator = 1
    denominator = 1
    is_default = True
    erp_id = factory.Sequence(str)


class MediaFactory(DjangoModelFactory):
    """A drawing of a product."""

    class Meta:
        model = Media

    product = factory.SubFactory(ProductFactory)
    kind = "drawing"
    reference = factory.Sequence(lambda n: f"media/drawing-{n}.svg")


class ProductRelationFactory(DjangoModelFactory):
    """Something that goes with a product."""

    class Meta:
        model = ProductRelation

    product = factory.SubFactory(ProductFactory)
    other = factory.SubFactory(ProductFactory)
    kind = "accessory"


class WarehouseFactory(DjangoModelFactory):
    """A place that ships."""

    class Meta:
        model = Warehouse

    code = factory.Sequence(lambda n: f"WH{n}")
    name = factory.Sequence(lambda n: f"Warehouse {n}")
    position = factory.Sequence(int)


class StockLevelFactory(DjangoModelFactory):
    """1,000 pieces, as the ERP said in the morning."""

    class Meta:
        model = StockLevel

    product = factory.SubFactory(ProductFactory)
    warehouse = factory.SubFactory(WarehouseFactory)
    on_hand = Decimal(1000)
    as_of = MORNING
