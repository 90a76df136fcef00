"""What a B2B portal needs of Tryton and stock Tryton has not.

A unique key on sales, so that an outside program can create each sale exactly once; per product, the units it is
sold in with their UN/ECE codes, the smallest quantity and the step; and the numbers of addresses as ship-to and bill-to, and
licences of customers.
"""
