"""Write docs/reference/hj212-deviations.md from the table of deviations."""

from __future__ import annotations

from pathlib import Path

from ecobureau.domain.hj212.deviations import as_markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "hj212-deviations.md"

if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(as_markdown(), encoding="utf-8")
