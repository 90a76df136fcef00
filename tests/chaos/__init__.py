"""`make chaos`: orders through a real Tryton while everything is killed and the line between is bad.

After recovery both sides are compared by number and total. Source: ORD-03, INT-34, TST-06, TST-10, failure bank 4.
"""
