"""Writes of the catalogue: what ERP and PIM tell, and what we hold back for documents."""
