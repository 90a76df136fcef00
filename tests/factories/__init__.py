"""Factories of test data, by app."""
