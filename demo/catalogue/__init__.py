"""The demo distributor's assortment, generated from the dimension tables of ISO and DIN.

One source for two systems: the ERP's seed takes numbers, units, prices and stock from here, the PIM's drop takes
names, texts, attributes, relations and drawings. Pure standard library and deterministic: the same commit
gives the same catalogue on every machine.
"""
