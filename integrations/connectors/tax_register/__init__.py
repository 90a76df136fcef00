"""A register of tax ids in the form of the EU's VIES: transport, mapping, reading. Nothing else knows its words."""
