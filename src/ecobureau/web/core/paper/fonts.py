"""The fonts of papers: Noto Sans SC for everything, DejaVu Sans for the few signs it lacks (₂, ₃ …)."""

from __future__ import annotations

from copy import copy, deepcopy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpdf import FPDF

FOLDER = Path(__file__).parent / "vendor"
FAMILY = "Noto Sans SC"
REGULAR = FOLDER / "NotoSansSC-Regular.ttf"
BOLD = FOLDER / "NotoSansSC-Bold.ttf"
_HINT = "the fonts of papers are missing in {folder}: run `make setup` (it copies them from the npm package)"


class FontsMissing(RuntimeError):
    """The fonts have not been put in place; the message says what to run."""


def files() -> dict[str, Path]:
    """Return the font files by style: "" and "B" of the main face, "fallback" and "fallbackB" of the second.

    Raises:
        FontsMissing: `make setup` has not run.
    """
    if not REGULAR.is_file() or not BOLD.is_file():
        raise FontsMissing(_HINT.format(folder=FOLDER))
    import matplotlib

    second = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return {
        "": REGULAR,
        "B": BOLD,
        "fallback": second / "DejaVuSans.ttf",
        "fallbackB": second / "DejaVuSans-Bold.ttf",
    }


def add(pdf: FPDF, family: str, style: str, path: Path) -> None:
    """Give a document a face, as `FPDF.add_font` does, but read from the disk once a process and not once a document.

    The tables that a document cuts down to its own letters are opened anew for each.
    """
    known, order = _read(family, style, path)
    # Tables of 30,000 numbers each: copied as they stand in a hundredth of the time of a deep copy.
    font = deepcopy(known, {id(table): copy(table) for table in (known.cw, known.glyph_ids)})
    font.i = len(pdf.fonts) + 1
    font.ttfont = type(known.ttfont)(path, recalcTimestamp=False, lazy=True)
    font.ttfont.setGlyphOrder(list(order))
    pdf.fonts[font.fontkey] = font


@lru_cache(maxsize=8)
def _read(family: str, style: str, path: Path) -> tuple[Any, tuple[str, ...]]:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_font(family, style, path)
    (font,) = pdf.fonts.values()
    found: Any = font
    return found, tuple(found.ttfont.getGlyphOrder())


@lru_cache(maxsize=1)
def plot_family() -> list[str]:
    """Return the font families for matplotlib texts (`fontfamily=`), made known to it.

    Raises:
        FontsMissing: `make setup` has not run.
    """
    from matplotlib import font_manager

    found = files()
    manager: Any = font_manager.fontManager
    for style in ("", "B"):
        manager.addfont(str(found[style]))
    return [FAMILY, "DejaVu Sans"]
