"""Commands of orders, by name."""
