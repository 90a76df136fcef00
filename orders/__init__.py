"""From cart to paid invoice: carts, checkout, credit, approvals, orders, shipments, invoices.

In: what buyers decide; order, shipment, invoice and payment records from the ERP. Out: orders
with quantities per line, credit decisions, events. Knows no field name of any ERP.
"""
