"""Tables of the catalogue: products and their content, who sees them, warehouses and stock."""

from catalog.models.assortment import Assortment, AssortmentAssignment, AssortmentRule
from catalog.models.product import Category, Media, Product, ProductRelation, ProductUnit
from catalog.models.restriction import ProductRestriction
from catalog.models.stock import Allocation, StockLevel, Warehouse

__all__ = [
    "Allocation",
    "Assortment",
    "AssortmentAssignment",
    "AssortmentRule",
    "Category",
    "Media",
    "Product",
    "ProductRelation",
    "ProductRestriction",
    "ProductUnit",
    "StockLevel",
    "Warehouse",
]
