"""The Django project and the edges: buyer pages, REST, admin, use cases.

In: requests. Out: pages and JSON, by calling queries and actions of the apps to the left.
It holds no rule and no query of its own.
"""
