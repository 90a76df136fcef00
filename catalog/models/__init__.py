"""Tables of the catalogue: products and their content, warehouses and stock."""

from catalog.models.product import Category, Media, Product, ProductRelation, ProductUnit
from catalog.models.stock import Allocation, StockLevel, Warehouse

__all__ = [
    "Allocation",
    "Category",
    "Media",
    "Product",
    "ProductRelation",
    "ProductUnit",
    "StockLevel",
    "Warehouse",
]
