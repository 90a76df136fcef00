"""Processes across systems: what steps each has, and the engine that drives and undoes them (INT-42 to 45)."""
