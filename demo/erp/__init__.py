"""The demo company's ERP: a real Tryton, prepared, served and played by one script (GPL-3, see README.md)."""
