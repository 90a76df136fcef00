"""Measured figures, a module per group; `python -m tests.bench` runs them."""
