"""Writes of the hub, by noun."""
