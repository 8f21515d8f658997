"""Shift hand-over (交接班): the shift that reports itself, signed by two people, and the week's sheet."""
