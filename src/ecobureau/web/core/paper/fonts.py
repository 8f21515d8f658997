"""The fonts of papers: Noto Sans SC for everything, DejaVu Sans for the few signs it lacks (₂, ₃ …)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

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
