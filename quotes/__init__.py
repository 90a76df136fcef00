"""From a request to an accepted offer: RFQs, quotes and their revisions, approval, acceptance.

In: what buyers ask for and sales staff offer. Out: a frozen revision that an order is made of.
"""
