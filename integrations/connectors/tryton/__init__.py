"""Tryton 8.2 over JSON-RPC: transport, mapping, reading, writing. Nothing else knows its words."""
