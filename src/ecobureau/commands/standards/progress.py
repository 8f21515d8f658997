"""How far a long file is, on stderr when it is a terminal."""

from __future__ import annotations

import sys
from typing import BinaryIO

from ecobureau.words import say


class Progress:
    """A line on stderr that tells how far a long file is, when stderr is a terminal."""

    def __init__(self, raw: BinaryIO | None, size: int) -> None:
        self._raw, self._size = raw, size
        self._shown = False

    def show(self, rows: int) -> None:
        """Tell that `rows` rows are read."""
        if not sys.stderr.isatty():
            return
        share = f"{100 * self._raw.tell() // self._size} %" if self._raw is not None and self._size else ""
        print("\r" + say("standards.progress", rows=rows, share=share), end="", file=sys.stderr, flush=True)
        self._shown = True

    def end(self) -> None:
        """End the line."""
        if self._shown:
            print(file=sys.stderr)
