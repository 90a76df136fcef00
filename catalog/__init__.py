"""What can be bought: products, units, categories, content, warehouses, stock and availability.

In: product, unit and stock records from the ERP, content from the PIM. Out: products in a
company's scope, availability with its age. Knows no price.
"""
