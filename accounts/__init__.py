"""Who may be here: companies and their tree, people, memberships, addresses, credit and terms.

In: customer records from the ERP. Out: the scope and the rights of every request.
Knows no price and no order.
"""
