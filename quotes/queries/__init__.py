"""Reads of quotes: the buyer's side, and the sales desk's."""
