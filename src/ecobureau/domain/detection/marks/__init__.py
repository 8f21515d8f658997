"""Patterns of presence, marks, declarations, limits, totals, clocks and parameters."""
