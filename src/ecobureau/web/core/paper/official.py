"""Official colours of air and water classes as cells and bars of papers."""

from __future__ import annotations

from ecobureau.web.core import parts
from ecobureau.web.core.paper.blocks import Cell

AIR_FILL = ("", "#00E400", "#FFFF00", "#FF7E00", "#FF0000", "#99004C", "#7E0023")
"""By class 1–6 (HJ 633): 优, 良, 轻度, 中度, 重度, 严重."""
WATER_FILL = ("", "#CCFFFF", "#00CCFF", "#00FF00", "#FFFF00", "#FF9B00", "#FF0000")
"""By class 1–6 (Ⅰ–劣Ⅴ), as commonly published."""
_DARK, _LIGHT = "#111111", "#FFFFFF"


def air(value: int | None, level: int) -> Cell:
    """Return an index with the colour of its class (0: none)."""
    ink = _LIGHT if level >= 5 else _DARK if level else ""
    return Cell(value, fill=AIR_FILL[level], ink=ink, bold=level == 4, shape="air" if level else "", level=level)


def air_word(level: int) -> str:
    """Return the word of an air class; empty without one."""
    return str(parts.AQI_WORD[level]) if level else ""


def water(level: int) -> Cell:
    """Return a water class with its colour (0: none)."""
    text = parts.WATER_CLASS[level] if level else ""
    ink = _DARK if level else ""
    return Cell(text or None, text, WATER_FILL[level], ink, shape="water" if level else "", level=level)


def water_word(level: int) -> str:
    """Return the word of a water class; empty without one."""
    return str(parts.WATER_WORD[level]) if level else ""
