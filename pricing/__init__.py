"""What it costs, for whom, and why: price lists, assignments, policies, tax rates, the price sheet.

In: price and tax records from the ERP, policies from staff. Out: the one price sheet with its
explanation. Nowhere else is a price computed.
"""
