"""Suppliers that deliver files: a format per supplier and kind, and one way to read them all."""
