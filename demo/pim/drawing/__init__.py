"""Drawings of the parts, made from their dimensions: side view, end view, centre lines, dimension lines.

Plain SVG with presentation attributes only: no script, no style, no outside reference.
"""
