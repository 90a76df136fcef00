"""Writes of the inbox: messages are kept once, taken in, parked until their parent comes, or quarantined."""
